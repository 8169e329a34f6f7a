import { type CandidateState, familyOf, type Preference } from './candidate.ts';
import { ours } from './constants.ts';
import { preferredFamily, preferredOrder } from './order.ts';

/** What is remembered of earlier offers of one endpoint. */
export interface FailbackMemory {
  /** How long ago it was last offered, in milliseconds. */
  readonly triedAgoMs: number;
  /** Failures since it last worked. */
  readonly failures: number;
}

/** What the decision is made from. */
export interface FailbackInput {
  /** The proven endpoint now set. */
  readonly current: string;
  readonly candidates: readonly CandidateState[];
  readonly prefer: Preference;
  readonly memory: ReadonlyMap<string, FailbackMemory>;
  /** For how long no answer has listed the current endpoint; null while one does, or where nothing is known. */
  readonly unlistedForMs: number | null;
}

/**
 * Which candidate a proven tunnel should be offered, or null to leave it alone. Only a candidate of the preferred
 * family while the tunnel is on the other one, or any listed one once the endpoint was absent from all answers for
 * ten minutes; and none that was offered less than ten minutes ago (doubled with each failure).
 */
export function failbackTarget(input: FailbackInput): string | null {
  const { current, candidates, prefer } = input;
  const listed = candidates.some((candidate) => candidate.endpoint === current);
  const unlistedTooLong =
    !listed && input.unlistedForMs !== null && input.unlistedForMs >= ours.unlistedGraceMs;
  if (!listed && !unlistedTooLong) return null;
  const family = preferredFamily(prefer);
  for (const candidate of preferredOrder(candidates, prefer)) {
    if (candidate.endpoint === current || candidate.route === 'in-tunnel' || candidate.route === 'no-route')
      continue;
    const wanted =
      unlistedTooLong ||
      (family !== null && familyOf(candidate.endpoint) === family && familyOf(current) !== family);
    if (wanted && isDue(input.memory.get(candidate.endpoint))) return candidate.endpoint;
  }
  return null;
}

function isDue(memory: FailbackMemory | undefined): boolean {
  if (!memory) return true;
  const intervalMs = Math.min(
    ours.failbackIntervalMaxMs,
    ours.failbackIntervalMs * 2 ** Math.min(memory.failures, 16),
  );
  return memory.triedAgoMs >= intervalMs;
}
