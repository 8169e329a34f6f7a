import { type Candidate, lastKnownGoodSource } from '../candidate.ts';
import { ours } from '../constants.ts';

/** How long no answer has listed the endpoint that is set: a planned move of the server is followed, slowly. */
export interface Unlisted {
  /** Names were asked, and this is what they said. `settled`: all of them have answered. */
  noted(endpoint: string | null, candidates: readonly Candidate[], settled: boolean, nowMs: number): void;
  /** Another endpoint is set now. */
  reset(): void;
  /** The endpoint, and for how long none has listed it; null while one does, or where nothing is known. */
  now(endpoint: string | null, nowMs: number): { readonly endpoint: string; readonly forMs: number } | null;
  /** Whether it is time for a look at the listed candidates; true once in each grace. */
  isLookDue(nowMs: number): boolean;
}

/** Creates one for an endpoint of which nothing is known. */
export function createUnlisted(): Unlisted {
  let sinceMs: number | null = null;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return {
    noted(endpoint, candidates, settled, nowMs) {
      const isListed = candidates.some(
        (one) => one.endpoint === endpoint && one.source !== lastKnownGoodSource,
      );
      if (isListed || candidates.length === 0) sinceMs = null;
      else if (settled) sinceMs ??= nowMs;
    },
    reset() {
      sinceMs = null;
    },
    now: (endpoint, nowMs) =>
      sinceMs === null || endpoint === null ? null : { endpoint, forMs: nowMs - sinceMs },
    isLookDue(nowMs) {
      if (sinceMs === null || nowMs - sinceMs < ours.unlistedGraceMs) return false;
      // The search itself knows which candidate was offered when.
      if (nowMs - lookedAtMs < ours.unlistedGraceMs) return false;
      lookedAtMs = nowMs;
      return true;
    },
  };
}
