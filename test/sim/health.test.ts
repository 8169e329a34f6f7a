import { describe, expect, it } from 'vitest';
import { startPings } from '../../sim/inner/traffic.ts';
import { createManagedTunnel, type ManagedTunnel, serverAt } from '../../sim/managed-tunnel.ts';
import { tunnelAddresses, tunnelKeys } from '../../sim/tunnel.ts';
import type { Profile } from '../../src/core/profile.ts';
import type { Health } from '../../src/core/watch/watch-types.ts';

interface Scene {
  readonly world: ManagedTunnel;
  /** What the client's health is in the time to come, after each event, without repetitions. */
  healthsWithin(forMs: number): Health[];
}

function createScene(seed: number, profile: Profile['name']): Scene {
  let seen: Health[] = [];
  const world: ManagedTunnel = createManagedTunnel({
    seed,
    profile,
    observer: {
      handled() {
        const { health } = world.managed.watch().snapshot();
        if (seen.at(-1) !== health) seen.push(health);
      },
    },
  });
  world.start();
  startPings(world.clock, world.client.inner, tunnelAddresses.serverInner, 1_000);
  return {
    world,
    healthsWithin(forMs) {
      seen = [];
      world.clock.runFor(forMs);
      return seen;
    },
  };
}

function everythingDark(world: ManagedTunnel): () => void {
  const lifts = [serverAt.v6Address, serverAt.v4Address].flatMap((address) => [
    world.network.addFault({ effect: 'drop', from: 'client', to: address }),
    world.network.addFault({ effect: 'drop', from: address }),
  ]);
  return () => {
    for (const lift of lifts) lift();
  };
}

describe('health, as a person sees it', () => {
  it.each(['fast', 'balanced', 'metered'] as const)(
    'a peer that is down stays down until it is proven, however often it is looked for (%s)',
    (profile) => {
      for (let seed = 1; seed <= 4; seed++) {
        const { world, healthsWithin } = createScene(seed, profile);
        expect(healthsWithin(60_000).at(-1)).toBe('up');
        const heal = everythingDark(world);
        expect(healthsWithin(1_200_000), `seed ${seed}`).toEqual(['up', 'suspect', 'down']);
        heal();
        expect(healthsWithin(180_000), `seed ${seed}`).toEqual(['down', 'up']);
      }
    },
  );

  it('after a pause nothing is known until it was looked at', () => {
    const { world, healthsWithin } = createScene(1, 'fast');
    healthsWithin(10_000);
    world.managed.dispatch({ type: 'pause' });
    expect(healthsWithin(10_000)).toEqual(['paused']);
    world.managed.dispatch({ type: 'resume' });
    expect(world.managed.watch().snapshot().health).toBe('unknown');
    expect(healthsWithin(10_000).at(-1)).toBe('up');
  });

  it('a pause says why, and shows the endpoint that the operator sets meanwhile', () => {
    const { world, healthsWithin } = createScene(1, 'fast');
    healthsWithin(10_000);
    world.managed.dispatch({ type: 'pause', reason: 'because' });
    expect(world.managed.watch().snapshot()).toMatchObject({ reason: 'because', endpoint: serverAt.v6 });
    // Nothing roams back.
    everythingDark(world);
    world.client.device.set(tunnelKeys.server, { endpoint: serverAt.v4 });
    healthsWithin(10_000);
    expect(world.managed.watch().snapshot()).toMatchObject({ health: 'paused', endpoint: serverAt.v4 });
  });
});
