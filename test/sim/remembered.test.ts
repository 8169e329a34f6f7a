import { expect, it } from 'vitest';
import { createManagedTunnel, serverAt } from '../../sim/managed-tunnel.ts';
import type { PastOffer } from '../../src/core/watch/way-back.ts';

const minuteMs = 60_000;

/**
 * A tunnel on IPv4 whose preferred IPv6 carries nothing, for that long. Returns what it has learned of offers, and when
 * each was made.
 */
function onFallback(forMs: number, remembered: ReadonlyMap<string, PastOffer>) {
  const offeredAtMs: number[] = [];
  const world = createManagedTunnel({
    seed: 1,
    profile: 'fast',
    startsOn: serverAt.v4,
    config: { remembered },
    observer: {
      asked(action) {
        if (action.type === 'set' && action.reason === 'fail-back') offeredAtMs.push(world.clock.nowMs());
      },
    },
  });
  world.network.addFault({ effect: 'drop', from: 'client', to: serverAt.v6Address });
  world.start();
  world.clock.runFor(forMs);
  return { offeredAtMs, offers: world.managed.watch().snapshot().offers, nowMs: world.managed.nowMs() };
}

it('a candidate that failed when it was offered is not offered sooner because of a restart', () => {
  const first = onFallback(35 * minuteMs, new Map());
  expect(first.offeredAtMs).toHaveLength(2);
  expect(first.offers.get(serverAt.v6)).toMatchObject({ failures: 2 });
  const remembered = new Map(
    [...first.offers].map(([endpoint, { atMs, failures }]) => [
      endpoint,
      { atMs: atMs - first.nowMs, failures },
    ]),
  );
  // The third one is due 40 minutes after the second.
  expect(onFallback(35 * minuteMs, remembered).offeredAtMs).toEqual([]);
  expect(onFallback(50 * minuteMs, remembered).offeredAtMs).toHaveLength(1);
});
