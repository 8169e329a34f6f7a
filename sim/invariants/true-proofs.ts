import { type InvariantMaker, spanText } from './invariant.ts';

/** What was under way when a path died may still arrive: the slowest packet of these worlds. */
const underWayMs = 5_000;

/**
 * Evidence of an older generation, or that nobody caused, is never taken for proof: an endpoint that is proven has
 * worked both ways at some moment since it was set (or, if it was not set, within the last seconds).
 */
export const trueProofs: InvariantMaker = (world) => {
  let written: { readonly endpoint: string; readonly atMs: number } | null = null;
  let lookedAtMs = 0;
  let state = '';
  return {
    name: 'an endpoint is proven only by evidence that it caused itself',
    written(endpoint) {
      written = { endpoint, atMs: world.clock.nowMs() };
      return null;
    },
    handled(_, { state: now }) {
      if (now === 'looking' && state !== 'looking') lookedAtMs = world.clock.nowMs();
      state = now;
      return null;
    },
    proven({ endpoint, kind }) {
      const deadSinceMs = world.truth.deadSinceMs(endpoint);
      if (deadSinceMs === null) return null;
      const setAtMs = written?.endpoint === endpoint ? written.atMs : 0;
      // Data that came within 10 s of the first makes the peer send a second keepalive, 20 s after the first (facts A.2).
      // If the way there died in between, that one looks like the answer to what we sent then: WireGuard's counters
      // have nothing that tells them apart, so this proof may be so old and no older.
      const residueMs = kind === 'counters' ? 2 * 10_600 : 0;
      const fromMs = Math.max(setAtMs, lookedAtMs - underWayMs) - residueMs;
      if (deadSinceMs >= fromMs - 1) return null;
      return `${endpoint} counts as proven by ${kind}, but has been dead for ${spanText(world.clock.nowMs() - deadSinceMs)}`;
    },
  };
};
