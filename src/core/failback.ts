import { type CandidateState, familyOf, lastKnownGoodSource, type Preference } from './candidate.ts';
import { ours } from './constants.ts';
import { preferredFamily, preferredOrder } from './order.ts';
import type { ProofKind } from './proof.ts';

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
  const { current, prefer } = input;
  const candidates = input.candidates.filter((candidate) => candidate.source !== lastKnownGoodSource);
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

/** What is to be done about fail-back now. */
export type FailbackVerdict =
  | { readonly kind: 'leave' }
  /** The ping that tells whether the offer is worth making may still be answered until then. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'offer'; readonly endpoint: string };

/** What the verdict needs on top of the choice of the candidate. */
export interface FailbackQuestion extends FailbackInput {
  /** How the current endpoint was proven. */
  readonly proofKind: ProofKind;
  /** See `CandidateTable.graceEndsAtMs`; for an answer as fast as the one through the tunnel. */
  readonly graceEndsAtMs: (endpoint: string) => number | null;
}

/**
 * Whether a proven tunnel is offered a preferred candidate now. A tunnel whose inner side answers no echo would be
 * dark for 10 s if the offer failed, so it is only sent to an address that answers a ping; and so is any tunnel
 * if the candidate failed within the last ten minutes.
 */
export function judgeFailback(question: FailbackQuestion, nowMs: number): FailbackVerdict {
  const target = failbackTarget(question);
  const candidate = question.candidates.find((one) => one.endpoint === target);
  if (!candidate) return { kind: 'leave' };
  const untilMs = question.graceEndsAtMs(candidate.endpoint);
  if (untilMs !== null && untilMs > nowMs) return { kind: 'wait', untilMs };
  const failedLately =
    candidate.failedAtMs !== null && nowMs - candidate.failedAtMs < ours.failbackIntervalMs;
  const blindly = candidate.hint !== 'unroutable' && question.proofKind === 'echo' && !failedLately;
  const worthIt = candidate.hint === 'reachable' || blindly;
  return worthIt ? { kind: 'offer', endpoint: candidate.endpoint } : { kind: 'leave' };
}
