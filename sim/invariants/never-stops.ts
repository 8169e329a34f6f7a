import { type InvariantMaker, spanText } from './invariant.ts';

/** The cap of the pause on the first day, and one slow `wg`. */
const parkedMs = 60_000 + 6_000;
/** Each candidate of the largest answer, with both passes, and the old endpoint's second chance. */
const searchMs = 6 * 20_000 + 60_000;

/** While the tunnel does not work, a search begins at the latest a minute after the last one ended; for ever. */
export const neverStops: InvariantMaker = (world) => {
  let state = '';
  let sinceMs = 0;
  return {
    name: 'it never stops trying',
    handled(_, { state: now }) {
      if (now !== state) sinceMs = world.clock.nowMs();
      state = now;
      return null;
    },
    second(snapshot) {
      const nowMs = world.clock.nowMs();
      if (snapshot.state !== state || world.managed.loop.stalled()) {
        state = snapshot.state;
        sinceMs = nowMs;
      }
      const forMs = nowMs - Math.max(sinceMs, world.excusedUntilMs());
      if (state === 'parked' && forMs > parkedMs) return `it has been waiting for ${spanText(forMs)}`;
      if (state === 'looking' && forMs > searchMs) return `one search has taken ${spanText(forMs)}`;
      if (state === 'gone' && world.device() !== null && forMs > 60_000)
        return `the interface has been back for ${spanText(forMs)}, and nobody watches it`;
      if (state === 'idle' && forMs > 5_000) return 'it has not begun';
      return null;
    },
  };
};
