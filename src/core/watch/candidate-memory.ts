import type { CandidateState } from '../candidate.ts';
import type { Proof } from '../proof.ts';

/** What is remembered of candidates from one look at the tunnel to the next. */
export interface CandidateMemory {
  /** When a trial of an endpoint last failed (monotonic milliseconds, may be negative). */
  readonly failedAtMs: ReadonlyMap<string, number>;
  /** Whether the address of an endpoint answers pings outside the tunnel, as far as was seen. */
  answersPings(endpoint: string | null): boolean;
  /** A ping was answered. */
  pinged(endpoint: string): void;
  /** A look ended with these candidates, and perhaps a proof. */
  learn(candidates: readonly CandidateState[], proof: Proof | null): void;
}

/** Creates a memory; `failedAtMs`: what is known from an earlier run. */
export function createCandidateMemory(earlier: ReadonlyMap<string, number>): CandidateMemory {
  const failedAtMs = new Map(earlier);
  const answering = new Set<string>();
  return {
    failedAtMs,
    answersPings: (endpoint) => endpoint !== null && answering.has(endpoint),
    pinged: (endpoint) => {
      answering.add(endpoint);
    },
    learn(candidates, proof) {
      for (const one of candidates) {
        if (one.failedAtMs !== null) failedAtMs.set(one.endpoint, one.failedAtMs);
        else failedAtMs.delete(one.endpoint);
        // Silent while the tunnel over it lives: its pings are dropped, and say nothing any more.
        if (one.hint === 'silent' && one.endpoint === proof?.endpoint) answering.delete(one.endpoint);
      }
    },
  };
}
