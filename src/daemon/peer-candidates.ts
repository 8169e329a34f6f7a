import { type Candidate, lastKnownGoodSource } from '../core/candidate.ts';
import { unusableReason } from '../resolve/candidates.ts';
import type { NameEntry } from '../resolve/name-book.ts';
import type { PlacedSource } from '../sources/config-sources.ts';
import { formatEndpoint, parseEndpoint } from '../wireguard/endpoint.ts';

/** All that a peer may be reached at, from what is known of its names now. */
export interface PeerCandidates {
  readonly candidates: readonly Candidate[];
  /** Every name was answered at least once, or its look-up failed: nothing is outstanding for the first time. */
  readonly settled: boolean;
}

/**
 * Puts the candidates of one peer together, in the user's order, each endpoint once. Literal addresses are taken as
 * they were written; addresses out of DNS that can never be a peer are left out. The endpoint that last worked comes
 * last, if no answer lists it: it may be all there is while DNS is down, or wrong.
 */
export function peerCandidates(
  sources: readonly PlacedSource[],
  entryOf: (name: string) => NameEntry | null,
  ownAddresses: readonly string[],
  lastGood: string | null,
): PeerCandidates {
  const found = new Map<string, Candidate>();
  let settled = true;
  sources.forEach(({ host, port }, nameIndex) => {
    if (host.kind === 'address') {
      add(found, host.address, port, 'literal', nameIndex, 0);
      return;
    }
    const entry = entryOf(host.name);
    if (entry === null || (entry.answeredAtMs === null && !entry.failing)) settled = false;
    if (entry === null) return;
    const addresses = [...entry.addresses[6], ...entry.addresses[4]].filter(
      (address) => unusableReason(address, ownAddresses) === null,
    );
    addresses.forEach((address, index) => {
      add(found, address, port, `dns:${host.name}`, nameIndex, index);
    });
  });
  const remembered = lastGood === null ? null : parseEndpoint(lastGood);
  if (remembered) add(found, remembered.address, remembered.port, lastKnownGoodSource, sources.length, 0);
  // Addresses remembered from an earlier run are enough to begin with.
  return { candidates: [...found.values()], settled: settled || found.size > 0 };
}

function add(
  found: Map<string, Candidate>,
  address: string,
  port: number,
  source: string,
  nameIndex: number,
  listIndex: number,
): void {
  const endpoint = parseEndpoint(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
  if (!endpoint) return;
  const text = formatEndpoint(endpoint);
  if (!found.has(text)) found.set(text, { endpoint: text, source, nameIndex, listIndex });
}
