import type { Profile } from '../../src/core/profile.ts';
import { type InvariantMaker, spanText } from './invariant.ts';

/**
 * The longest time in which a dead path may still be called up: the interval of the tests of an idle tunnel, the five
 * echoes after the first loss at the longest time-out that is learned (6 s), and a second of margin for `wg`.
 */
const boundMs: { readonly [Name in Profile['name']]: number } = {
  fast: 1_500 + 6 * 6_000 + 5_000,
  balanced: 10_000 + 6 * 6_000 + 5_000,
  metered: 120_000 + 6 * 6_000 + 35_000,
};
/** Where nobody inside answers: the keepalive that is owed is awaited once more. */
const silentMs = 2 * 11_600 + 6_000;
/** Where the peer is heard without being asked, only the missing handshake tells: 135 s, and the 180 s of a session. */
const talkingMs = 200_000;

/** Health `up` is never shown for longer than the profile's detection bound while the path is dead. */
export const upMeansAlive: InvariantMaker = (world) => {
  const { swarm, truth, clock, managed } = world;
  let badSinceMs: number | null = null;
  return {
    name: 'health is never "up" for longer than the detection bound while the path is dead',
    second({ health, state }) {
      const endpoint = managed.endpoint();
      const nowMs = clock.nowMs();
      const tested = swarm.keepaliveS > 0 || swarm.traffic !== 'none';
      const dead = endpoint !== null && truth.deadSinceMs(endpoint) !== null;
      if (health !== 'up' || state === 'paused' || !dead || !tested || managed.loop.stalled()) {
        badSinceMs = null;
        return null;
      }
      badSinceMs ??= nowMs;
      const fromMs = Math.max(badSinceMs, world.excusedUntilMs());
      const silent = swarm.inside === 'silent' || !world.answersInside();
      const talks = swarm.serverTalks || swarm.serverKeepaliveS > 0 || swarm.bothEnds;
      const allowedMs = boundMs[swarm.profile] + (silent ? silentMs : 0) + (talks ? talkingMs : 0);
      if (nowMs - fromMs <= allowedMs) return null;
      return `${endpoint} has been dead for ${spanText(nowMs - fromMs)}, and is called up`;
    },
  };
};
