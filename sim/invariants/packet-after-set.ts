import type { InvariantMaker } from './invariant.ts';

/** The packet is asked for in the same breath as the read-back is taken. */
const breathMs = 300;

/** Every set is followed by a read-back and a packet, or by another set. */
export const packetAfterSet: InvariantMaker = (world) => {
  let owed: { readonly endpoint: string; readonly fromMs: number } | null = null;
  let seen = 0;
  return {
    name: 'every set is followed by a packet and a read-back',
    handled(event, { state, generation }) {
      // A result that comes twice is one set.
      if (event.type === 'set-done' && event.generation !== seen) {
        seen = event.generation;
        if (event.generation === generation)
          owed = { endpoint: event.observation.endpoint ?? '(none)', fromMs: world.clock.nowMs() };
      }
      if (event.type === 'pause' || state === 'gone') owed = null;
      return null;
    },
    asked(action) {
      if (action.type === 'echo' || action.type === 'set') owed = null;
      return null;
    },
    second() {
      if (owed === null || world.managed.loop.stalled() || world.device() === null) return null;
      if (world.clock.nowMs() - owed.fromMs < breathMs) return null;
      return `nothing was sent after ${owed.endpoint} was set`;
    },
  };
};
