import { type CandidateState, type Family, familyOf, type Preference } from './candidate.ts';

/**
 * The order in which candidates are tried, best first. A total order over candidates with distinct endpoints.
 *
 * What is known of the path comes first, because when the tunnel is down a second spent on an address that is
 * probably dead is a second of outage: a usable route, then the ICMP hint, then the candidate that has not failed
 * or failed longest ago. Among equals: the user's order of names, the preferred family first with families
 * interleaved (RFC 8305 section 4), the order of the answer. Coming back to the preferred one is fail-back's job.
 */
export function orderCandidates(candidates: readonly CandidateState[], prefer: Preference): CandidateState[] {
  const position = interleavedPositions(candidates, prefer);
  return [...candidates].sort(
    (a, b) =>
      routeRank(a) - routeRank(b) ||
      hintRank(a) - hintRank(b) ||
      byFailure(a.failedAtMs, b.failedAtMs) ||
      (position.get(a.endpoint) ?? 0) - (position.get(b.endpoint) ?? 0),
  );
}

/**
 * The user's order alone, best first: names as listed, families interleaved beginning with the preferred one.
 * It says what fail-back should aim at, whatever was seen on the way.
 */
export function preferredOrder(candidates: readonly CandidateState[], prefer: Preference): CandidateState[] {
  const position = interleavedPositions(candidates, prefer);
  return [...candidates].sort((a, b) => (position.get(a.endpoint) ?? 0) - (position.get(b.endpoint) ?? 0));
}

/** Which family comes first, or null if the user wants the order of the answers. */
export function preferredFamily(prefer: Preference): Family | null {
  return prefer === 'listed' ? null : prefer === 'ipv6' ? 6 : 4;
}

/** Never failed comes first, then least recent first. The times may be negative: before this run. */
function byFailure(a: number | null, b: number | null): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  return a - b;
}

function routeRank(candidate: CandidateState): number {
  return candidate.route === 'no-route' ? 1 : 0;
}

function hintRank(candidate: CandidateState): number {
  switch (candidate.hint) {
    case 'reachable':
      return 0;
    case 'untested':
    case 'asking':
      return 1;
    case 'silent':
      return 2;
    case 'unroutable':
      return 3;
  }
}

function interleavedPositions(
  candidates: readonly CandidateState[],
  prefer: Preference,
): Map<string, number> {
  const first = preferredFamily(prefer);
  const listed = [...candidates].sort(
    (a, b) =>
      a.nameIndex - b.nameIndex ||
      a.listIndex - b.listIndex ||
      (a.endpoint < b.endpoint ? -1 : a.endpoint > b.endpoint ? 1 : 0),
  );
  const ordered: CandidateState[] = [];
  for (const nameIndex of new Set(listed.map((candidate) => candidate.nameIndex))) {
    const ofName = listed.filter((candidate) => candidate.nameIndex === nameIndex);
    if (first === null) {
      ordered.push(...ofName);
      continue;
    }
    const leading = ofName.filter((candidate) => familyOf(candidate.endpoint) === first);
    const others = ofName.filter((candidate) => familyOf(candidate.endpoint) !== first);
    for (let i = 0; i < Math.max(leading.length, others.length); i++) {
      const a = leading[i];
      const b = others[i];
      if (a) ordered.push(a);
      if (b) ordered.push(b);
    }
  }
  return new Map(ordered.map((candidate, index) => [candidate.endpoint, index]));
}
