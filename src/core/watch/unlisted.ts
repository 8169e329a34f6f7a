import { ours } from '../constants.ts';

/** How long no answer has listed the endpoint that is set: a planned move of the server is followed, slowly. */
export interface Unlisted {
  /** Names were asked: is the endpoint among what they said? `certain`: all of them have answered. */
  noted(listed: boolean, certain: boolean, nowMs: number): void;
  /** Another endpoint is set now. */
  reset(): void;
  /** For how long none has listed it, in milliseconds; null while one does, or where nothing is known. */
  forMs(nowMs: number): number | null;
  /** Whether it is time for a look at the listed candidates; true once in each grace. */
  isLookDue(nowMs: number): boolean;
}

/** Creates one for an endpoint of which nothing is known. */
export function createUnlisted(): Unlisted {
  let sinceMs: number | null = null;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return {
    noted(listed, certain, nowMs) {
      if (listed) sinceMs = null;
      else if (certain) sinceMs ??= nowMs;
    },
    reset() {
      sinceMs = null;
    },
    forMs: (nowMs) => (sinceMs === null ? null : nowMs - sinceMs),
    isLookDue(nowMs) {
      if (sinceMs === null || nowMs - sinceMs < ours.unlistedGraceMs) return false;
      // The search itself knows which candidate was offered when.
      if (nowMs - lookedAtMs < ours.unlistedGraceMs) return false;
      lookedAtMs = nowMs;
      return true;
    },
  };
}
