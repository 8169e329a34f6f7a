import { ours } from './constants.ts';

/** A learned retransmission time-out (RFC 6298): how long to wait before an echo counts as lost. */
export interface Rto {
  /** Takes the round trip of one answered echo, in milliseconds. */
  learn(rttMs: number): void;
  /** The time-out now, in milliseconds; RFC 6298's 1 s before anything was learned. */
  timeoutMs(): number;
  /** The smoothed round trip in milliseconds, or null before anything was learned. */
  smoothedMs(): number | null;
}

/** Creates an estimator without history. */
export function createRto(): Rto {
  let smoothedMs: number | null = null;
  let variationMs = 0;
  return {
    learn(rttMs) {
      if (smoothedMs === null) {
        smoothedMs = rttMs;
        variationMs = rttMs / 2;
        return;
      }
      // RFC 6298 (2.3): the variation first, with the old smoothed value; alpha = 1/8, beta = 1/4.
      variationMs = 0.75 * variationMs + 0.25 * Math.abs(smoothedMs - rttMs);
      smoothedMs = 0.875 * smoothedMs + 0.125 * rttMs;
    },
    timeoutMs() {
      if (smoothedMs === null) return ours.initialRtoMs;
      const marginMs = Math.max(ours.rtoGranularityMs, 4 * variationMs);
      return Math.min(ours.maxRtoMs, Math.max(ours.minRtoMs, smoothedMs + marginMs));
    },
    smoothedMs() {
      return smoothedMs;
    },
  };
}
