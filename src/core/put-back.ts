import type { Outcome } from './action.ts';
import { ours } from './constants.ts';

/** The old endpoint being put back after a search or an offer. */
export interface PutBack {
  /** `outcome`: what is said when it is back; null: it was proven before, so look whether it still works. */
  begin(target: string, outcome: Outcome | null): void;
  target(): string | null;
  outcome(): Outcome | null;
  /** It could not be set. False: that was once too often. */
  failed(nowMs: number): boolean;
  /** The endpoint to be set again now, or null. */
  takeRetry(nowMs: number): string | null;
  nextDueMs(): number | null;
}

/**
 * Creates one that puts nothing back yet. What was only tried must not stay set: a passing fault of this host (no free
 * process, `wg` killed) deserves another try.
 */
export function createPutBack(): PutBack {
  let target: string | null = null;
  let outcome: Outcome | null = null;
  let failures = 0;
  let retryDueMs: number | null = null;
  return {
    begin(endpoint, then) {
      target = endpoint;
      outcome = then;
      failures = 0;
      retryDueMs = null;
    },
    target: () => target,
    outcome: () => outcome,
    failed(nowMs) {
      failures++;
      if (failures > ours.restoreRetries) return false;
      retryDueMs = nowMs + ours.restoreRetryMs;
      return true;
    },
    takeRetry(nowMs) {
      if (retryDueMs === null || retryDueMs > nowMs) return null;
      retryDueMs = null;
      return target;
    },
    nextDueMs: () => retryDueMs,
  };
}
