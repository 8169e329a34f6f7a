import { serverName } from './managed-tunnel.ts';
import type { Random } from './random.ts';
import type { Swarm } from './swarm.ts';
import { endpointText, tunnelAddresses, tunnelKeys } from './tunnel.ts';
import type { World } from './world.ts';

/** One kind of trouble. It ends by itself after `forMs`, or when the function it returns is called. */
export type Trouble = (world: World, random: Random, forMs: number) => () => void;

/** Addresses of somebody else, who answers pings. */
export const wrongHosts = ['203.0.113.66', '2001:db8:bad::1'] as const;

const nothing = (): void => {};
const address = (world: World, random: Random): string => random.pick(world.serverAddresses());

function stall(world: World, forMs: number): void {
  world.stalled(forMs);
  world.managed.loop.stall(forMs);
}

function dns(health: (random: Random) => Parameters<World['dns']['setHealth']>[1]): Trouble {
  return (world, random) => {
    world.dns.setHealth(serverName, health(random));
    return () => world.dns.setHealth(serverName, { kind: 'well' });
  };
}

function tool(health: (random: Random) => Parameters<World['managed']['tool']['setHealth']>[0]): Trouble {
  return (world, random, forMs) => {
    world.managed.tool.setHealth(health(random));
    world.troubleTool(forMs);
    return () => world.managed.tool.setHealth({ kind: 'well' });
  };
}

/** Every kind of trouble there is. */
export const troubles = {
  'address-dark': (world, random) => {
    const to = address(world, random);
    const lifts = [
      world.truth.addFault({ effect: 'drop', to }),
      world.truth.addFault({ effect: 'drop', from: to }),
    ];
    return () => {
      for (const lift of lifts) lift();
    };
  },
  'address-dark-there': (world, random) =>
    world.truth.addFault({ effect: 'drop', to: address(world, random) }),
  'address-dark-back': (world, random) =>
    world.truth.addFault({ effect: 'drop', from: address(world, random) }),
  'family-dark': (world, random) => world.truth.addFault({ effect: 'drop', family: random.pick([4, 6]) }),
  'family-without-route': (world, random) =>
    world.truth.addFault({ effect: 'no-route', from: 'client', family: random.pick([4, 6]) }),
  'all-dark': (world) => world.truth.addFault({ effect: 'drop' }),
  'pings-dropped': (world) => world.truth.addFault({ effect: 'drop', protocol: 'icmp' }),
  rough: (world, random, forMs) => {
    const usual = world.usualPath();
    world.truth.roughen(forMs + 30_000);
    world.network.setPath('*', '*', {
      lossRate: random.pick([0.02, 0.1, 0.4]),
      delayMs: usual.delayMs * random.between(1, 4),
      jitterMs: random.pick([10, 100, 300]),
    });
    return () => world.network.setPath('*', '*', usual);
  },
  'dns-dead': dns(() => ({ kind: 'dead' })),
  'dns-fails': dns(() => ({ kind: 'fails' })),
  'dns-denies': dns(() => ({ kind: 'denies' })),
  'dns-slow': dns((random) => ({ kind: 'slow', delayMs: random.between(100, 20_000) })),
  'dns-lies': dns((random) => ({ kind: 'lies', addresses: [random.pick(wrongHosts)] })),
  'dns-partial': (world, random) => {
    const all = world.published();
    world.dns.publish(serverName, [random.pick(all)]);
    return () => world.dns.publish(serverName, world.published());
  },
  'server-restarts': (world) => {
    world.truth.sessionLost();
    world.server.device.restart();
    return nothing;
  },
  'peer-firewall': (world, random) => {
    world.setInside('silent');
    return () => world.setInside(random.chance(0.9) ? world.swarm.inside : 'answers');
  },
  'tool-fails': tool((random) => ({ kind: 'fails', rate: random.pick([0.3, 1]) })),
  'tool-hangs': tool((random) => ({ kind: 'hangs', rate: random.pick([0.2, 1]) })),
  'tool-late': tool((random) => ({ kind: 'late', delayMs: random.between(100, 4_000) })),
  duplicates: (world) => {
    world.managed.setDuplicates(0.2);
    return () => world.managed.setDuplicates(0);
  },
  'loop-stalls': (world, random) => {
    stall(world, random.between(1_000, 60_000));
    return nothing;
  },
  /** The machine swaps: the program stands still again and again, at any moment of whatever it does. */
  swapping: (world, random) => {
    let over = false;
    const next = (): void => {
      if (over) return;
      const forMs = random.between(1_000, 8_000);
      stall(world, forMs);
      world.clock.after(forMs + random.exponential(6_000), next, undefined);
    };
    next();
    return () => {
      over = true;
    };
  },
  /** It stands still while an endpoint that was just set is asked, and the answers come in. */
  'loop-stalls-in-a-search': (world, random) => {
    const atSet = (): void => {
      world.atNextSet(atSet);
      if (random.chance(0.5)) return;
      const forMs = random.between(1_000, 60_000);
      world.clock.after(random.between(20, 400), (ms) => stall(world, ms), forMs);
    };
    world.atNextSet(atSet);
    return () => world.atNextSet(null);
  },
  suspend: (world, random) => {
    const forMs = random.between(3_000, 600_000);
    world.truth.disturb(forMs);
    world.truth.sessionLost();
    world.client.host.clock.suspend(forMs);
    world.clock.after(forMs + 700, () => world.managed.dispatch({ type: 'network-changed' }), undefined);
    return nothing;
  },
  'clock-steps': (world, random) => {
    const byMs = random.pick([-60_000, -3_000, 3_000, 60_000, 7_200_000]);
    world.client.host.clock.stepWall(byMs);
    // Backwards, the peer drops our initiations until the old time is reached again (facts C.2).
    world.truth.disturb(Math.max(0, -byMs));
    world.managed.dispatch({ type: 'network-changed' });
    return nothing;
  },
  'nat-rebinds': (world) => {
    world.truth.disturb();
    world.nat?.rebind();
    return nothing;
  },
  'other-writer': (world, random) => {
    const at = random.pick([...tunnelAddresses.server, ...wrongHosts]);
    world.truth.disturb();
    world.device()?.set(tunnelKeys.server, { endpoint: endpointText(at, tunnelAddresses.port) });
    return nothing;
  },
  renumbered: (world, random) => {
    world.renumber(random);
    return nothing;
  },
  'interface-recreated': (world, random) => {
    world.recreateInterface(random.between(200, 20_000));
    return nothing;
  },
  'peer-removed': (world, random) => {
    world.removePeer(random.between(200, 20_000));
    return nothing;
  },
  'paused-in-a-search': (world, random) => {
    world.atNextSet(() =>
      world.clock.after(random.between(0, 60), () => world.managed.dispatch({ type: 'pause' }), undefined),
    );
    return () => {
      world.atNextSet(null);
      world.managed.dispatch({ type: 'resume' });
    };
  },
  'peer-removed-in-a-search': (world, random) => {
    world.atNextSet(() => world.clock.after(random.between(0, 60), world.removePeer, 5_000));
    return () => world.atNextSet(null);
  },
  // Somebody takes the endpoint away from a trial, gives it back as soon as that has failed, and pauses us then.
  'contested-trial': (world, random) => {
    const set = (endpoint: string): void => {
      world.truth.disturb();
      world.device()?.set(tunnelKeys.server, { endpoint });
    };
    const elsewhere = endpointText(random.pick(wrongHosts), tunnelAddresses.port);
    world.atNextTrial({
      set: () => world.clock.after(random.between(100, 400), set, elsewhere),
      failed(endpoint) {
        set(endpoint);
        const afterMs = random.between(40, 500);
        world.clock.after(afterMs, () => world.managed.dispatch({ type: 'pause' }), undefined);
      },
    });
    return () => {
      world.atNextTrial(null);
      world.managed.dispatch({ type: 'resume' });
    };
  },
  'network-chatter': (world) => {
    world.managed.dispatch({ type: 'network-changed' });
    return nothing;
  },
  paused: (world) => {
    world.managed.dispatch({ type: 'pause' });
    return () => world.managed.dispatch({ type: 'resume' });
  },
} as const satisfies Record<string, Trouble>;

/** The name of a kind of trouble. */
export type FaultName = keyof typeof troubles;

/** All names. */
export const faultNames = Object.keys(troubles) as FaultName[];

/** Troubles rarely come alone: about ten of them, and then there is quiet. */
const calmRate = 0.1;

/** Starts trouble of the world's kinds at random times; the function returned ends all of it for good. */
export function startTroubles(world: World, swarm: Swarm, note: (text: string) => void): () => void {
  const random = world.random.split('troubles');
  const active = new Map<FaultName, () => void>();
  let over = false;

  const end = (name: FaultName): void => {
    const lift = active.get(name);
    if (!lift) return;
    active.delete(name);
    note(`${name} ends`);
    lift();
  };
  const begin = (): void => {
    if (over) return;
    const name = random.pick(swarm.faults);
    const forMs = 500 + random.exponential(swarm.meanFaultMs);
    if (!active.has(name)) {
      note(`${name} begins`);
      const lift = troubles[name](world, random, forMs);
      active.set(name, lift);
      world.clock.after(forMs, end, name);
    }
    const calmMs = random.chance(calmRate) ? random.exponential(swarm.meanCalmMs) : 0;
    world.clock.after(calmMs + random.exponential(swarm.meanBetweenFaultsMs), begin, undefined);
  };
  if (swarm.faults.length > 0)
    world.clock.after(random.exponential(swarm.meanBetweenFaultsMs), begin, undefined);
  return () => {
    over = true;
    for (const name of [...active.keys()]) end(name);
  };
}
