import type { Profile } from '../../src/core/profile.ts';
import type { InvariantMaker } from './invariant.ts';

const hourMs = 3_600_000;
/**
 * Packets of our own an hour, echoes inside and pings outside each: the tests of a busy tunnel, or where nothing works a
 * packet each 1.5 s (metered: 20 s) to keep WireGuard trying; and half as many again for searches and offers.
 */
const budget: { readonly [Name in Profile['name']]: number } = {
  fast: 1.5 * 3_600,
  balanced: 1.5 * 2_400,
  metered: 1.5 * 1_000,
};

/** It never sends more than the profile's budget of packets in an hour. */
export const probeBudget: InvariantMaker = (world) => {
  const sent = { echo: 0, hint: 0 };
  let fromMs = 0;
  return {
    name: `never more packets of its own an hour than the profile allows`,
    asked(action) {
      if (action.type !== 'echo' && action.type !== 'hint') return null;
      const nowMs = world.clock.nowMs();
      if (nowMs - fromMs >= hourMs) {
        fromMs = nowMs;
        sent.echo = 0;
        sent.hint = 0;
      }
      const count = ++sent[action.type];
      const most = budget[world.swarm.profile];
      return count > most
        ? `${count} packets (${action.type}) within the hour from ${Math.round(fromMs / 1_000)} s`
        : null;
    },
  };
};
