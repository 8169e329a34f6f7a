import { type CandidateState, familyOf, type Preference } from './candidate.ts';
import { graceEndsAtMs } from './hints.ts';
import { preferredFamily } from './order.ts';

/** What ICMP echo alone says by now. */
export type PingChoice =
  | { readonly kind: 'wait'; readonly untilMs: number | null }
  | { readonly kind: 'choose'; readonly endpoint: string }
  | { readonly kind: 'none' };

/** What the choice is made from. */
export interface PingChoiceInput {
  readonly candidates: readonly CandidateState[];
  readonly current: string | null;
  readonly prefer: Preference;
  /** No look-up is under way any more. */
  readonly settled: boolean;
  /** When the first candidate was known, monotonic milliseconds. */
  readonly startedAtMs: number;
  /** See `CandidateTable.graceEndsAtMs`. */
  readonly graceEndsAtMs: (endpoint: string, rttInHandMs: number) => number | null;
}

/**
 * Chooses as the article's script does, but without waiting for addresses that do not matter any more: an answer of
 * the preferred family decides at once, one of the other family waits for the preferred one for the grace only.
 * Among addresses of one family the endpoint now set is kept if it answers, so that two good ones never alternate.
 */
export function choosePing(input: PingChoiceInput, nowMs: number): PingChoice {
  const reachable = input.candidates.filter((candidate) => candidate.hint === 'reachable');
  const waiting = input.candidates.filter(
    (candidate) => candidate.hint === 'asking' || candidate.route === 'unknown',
  );
  const best = reachable[0];
  if (!best) {
    return waiting.length > 0 || !input.settled ? { kind: 'wait', untilMs: null } : { kind: 'none' };
  }
  const rttMs = Math.min(...reachable.map((candidate) => candidate.hintRttMs ?? 0));
  const family = preferredFamily(input.prefer);
  const preferred = (candidate: CandidateState) => family === null || familyOf(candidate.endpoint) === family;
  const good = reachable.filter(preferred);

  const awaited = waiting.filter((candidate) =>
    good.length > 0
      ? preferred(candidate) && candidate.endpoint === input.current
      : preferred(candidate) || candidate.endpoint === input.current,
  );
  // Who could not be asked yet (look-up or route still under way) gets the grace of an echo sent at the start.
  const fromStartMs = graceEndsAtMs(input.startedAtMs, rttMs);
  const graces = awaited
    .map((candidate) =>
      candidate.route === 'unknown' ? fromStartMs : input.graceEndsAtMs(candidate.endpoint, rttMs),
    )
    .filter((ms) => ms !== null);
  if (good.length === 0 && !input.settled) graces.push(fromStartMs);
  const untilMs = graces.length === 0 ? nowMs : Math.max(...graces);
  if (untilMs > nowMs) return { kind: 'wait', untilMs };

  const pool = good.length > 0 ? good : reachable;
  const kept = pool.find((candidate) => candidate.endpoint === input.current);
  return { kind: 'choose', endpoint: (kept ?? pool[0] ?? best).endpoint };
}
