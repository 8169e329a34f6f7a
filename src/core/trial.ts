import { type Assessment, answerOverdueAtMs } from './assessment.ts';
import { ours } from './constants.ts';
import type { Rto } from './rto.ts';
import type { SetReason } from './set-reason.ts';

/**
 * How long a candidate is given: one round trip, a whole handshake interval, or a short fail-back. `reset`: the peer is
 * added anew with it, so that its handshake leaves at once.
 */
export type Pass = 'quick' | 'slow' | 'reset' | 'fail-back';

/** A candidate that is being set or has to prove itself. */
export interface Attempt {
  readonly endpoint: string;
  readonly pass: Pass;
  /** A proven endpoint to go back to at once if the candidate fails; null in a race. */
  readonly fallback: string | null;
}

/** Why its endpoint is set. */
export function reasonOf(attempt: Attempt): SetReason {
  if (attempt.fallback !== null) return 'fail-back';
  return attempt.pass === 'reset' ? 'reset' : 'trial';
}

/** What a trial says by now. */
export type TrialVerdict =
  | { readonly kind: 'pending' }
  | { readonly kind: 'proven' }
  | { readonly kind: 'failed'; readonly reason: string };

/** What the judgement is made from. */
export interface TrialInput {
  readonly assessment: Assessment;
  readonly pass: Pass;
  /** Whether the interface had a usable session when the candidate was set. */
  readonly session: boolean;
  /** Time-out of one echo over this candidate. */
  readonly rtoMs: number;
  /** The endpoint last read back is not the candidate: an authenticated packet from elsewhere took it back. */
  readonly reverted: boolean;
}

/**
 * The time-out of one echo over a candidate, in milliseconds: from round trips through the tunnel where some were
 * seen, else from the candidate's ICMP round trip, else RFC 6298's first guess. Three round trips leave room for a
 * path that is slower than the old one.
 */
export function trialTimeoutMs(pass: Pass, rto: Rto, hintRttMs: number | null): number {
  const rttMs = rto.smoothedMs() ?? hintRttMs;
  if (rttMs === null || pass === 'slow' || pass === 'reset') return rto.timeoutMs();
  return Math.min(
    ours.maxRtoMs,
    Math.max(ours.minQuickDwellMs, 3 * rttMs, rto.smoothedMs() === null ? 0 : rto.timeoutMs()),
  );
}

/** Judges a candidate that is set on the real interface. Times are monotonic milliseconds. */
export function judgeTrial(input: TrialInput, nowMs: number): TrialVerdict {
  const { assessment } = input;
  if (assessment.proof) return { kind: 'proven' };
  const { answered } = assessment;
  if (input.reverted && answered !== null && nowMs - answered.atMs >= 2 * ours.observeSpacingMs)
    return failed(input, 'the answers came over the old path');
  const dwelledMs = nowMs - assessment.startedAtMs;
  // The answer is here; only the counters that go with it have not been read yet (a slow `wg`).
  const unread = assessment.answered !== null && assessment.readingsSinceAnswer < 2;
  if (unread && nowMs - (assessment.answered?.atMs ?? 0) < ours.readingPatienceMs) return { kind: 'pending' };
  if (input.pass === 'slow' || input.pass === 'reset') return judgeSlow(input, dwelledMs, nowMs);
  const dwellMs = input.pass === 'quick' ? input.rtoMs : Math.min(ours.failbackDwellMaxMs, input.rtoMs);
  if (dwelledMs < dwellMs) return { kind: 'pending' };
  return failed(input, `no answer within ${Math.round(dwellMs)} ms`);
}

/**
 * Silence counts only once something was owed: an initiation that left (the interface sends one each 5 s at the
 * most), or an inner packet that a living session would have answered. So a candidate is never passed over untested.
 */
function judgeSlow(input: TrialInput, dwelledMs: number, nowMs: number): TrialVerdict {
  const { assessment, rtoMs } = input;
  const patienceMs = Math.max(rtoMs, ours.initialRtoMs);
  if (assessment.initiationSeenAtMs !== null) {
    if (!isOver(assessment, assessment.initiationSeenAtMs + patienceMs, nowMs)) return { kind: 'pending' };
    return failed(input, 'a handshake initiation was not answered');
  }
  if (dwelledMs < ours.slowDwellMs + rtoMs) return { kind: 'pending' };
  if (!input.session) return failed(input, 'no packet of ours left for it');
  const overdueAtMs =
    answerOverdueAtMs(assessment, rtoMs) ?? assessment.startedAtMs + ours.passiveKeepaliveLatestMs + rtoMs;
  if (!isOver(assessment, overdueAtMs, nowMs)) return { kind: 'pending' };
  return failed(input, 'the answer owed within 10 s did not come');
}

/** Whether that moment is past, and the counters were read after it, or can evidently not be read. */
function isOver(assessment: Assessment, atMs: number, nowMs: number): boolean {
  return nowMs >= atMs && (assessment.lastAtMs >= atMs || nowMs >= atMs + ours.readingPatienceMs);
}

function failed(input: TrialInput, reason: string): TrialVerdict {
  return {
    kind: 'failed',
    reason: input.reverted ? 'the old path is alive and took the endpoint back' : reason,
  };
}
