import type { InvariantMaker } from './invariant.ts';

/** 2 s for the offer, as promised; the echo that is awaited at its end, and two writes of 60 ms. */
const boundMs = 2_000 + 1_000;

/** A living tunnel that was offered a preferred candidate is back within 2 s if that does not work. */
export const offersAreRolledBack: InvariantMaker = (world) => {
  let offer: { readonly from: string; readonly to: string; readonly atMs: number } | null = null;
  return {
    name: 'an offer that does not work is rolled back within 2 s',
    written(endpoint, { reason }, before) {
      if (reason === 'fail-back' && before !== null)
        offer = { from: before, to: endpoint, atMs: world.clock.nowMs() };
      else offer = null;
      return null;
    },
    handled(event) {
      // A peer that is made anew has the endpoint of its file, or roams to whatever the other side uses.
      if (event.type === 'peer-gone') offer = null;
      return null;
    },
    proven() {
      offer = null;
      return null;
    },
    second() {
      if (offer === null) return null;
      const { from, to, atMs } = offer;
      const nowMs = world.clock.nowMs();
      if (nowMs - Math.max(atMs, world.excusedUntilMs()) < boundMs || world.managed.endpoint() !== to)
        return null;
      return `${to} was offered in place of ${from}, was not proven, and is still set`;
    },
  };
};
