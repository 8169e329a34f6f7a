import { profiles } from '../src/core/profile.ts';
import { echoTargets } from '../src/sources/echo-targets.ts';
import type { EndObserver } from './driver/managed-end.ts';
import { startTroubles, wrongHosts } from './faults.ts';
import { startNowAndThen, startOneWay, startPings, startRequests, type Traffic } from './inner/traffic.ts';
import { createManagedTunnel, type ManagedTunnel, serverName } from './managed-tunnel.ts';
import { addNeighbours, neighbourPeers } from './neighbours.ts';
import { familyOfAddress } from './network/datagram.ts';
import { createNat, type Nat } from './network/nat.ts';
import { type PathSettings, usualPath } from './network/path.ts';
import { createRandom, type Random } from './random.ts';
import { type Swarm, worldSwarm } from './swarm.ts';
import { createFaultBook, createTruth, type Truth, togetherWith } from './truth.ts';
import { endpointText, tunnelAddresses, tunnelKeys } from './tunnel.ts';
import { besideView } from './views.ts';
import type { Device } from './wireguard/device.ts';

/** A world drawn from a seed, in which things go wrong. */
export interface World extends ManagedTunnel {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly truth: Truth;
  readonly nat: Nat | null;
  /** The same world as it is for each of the other peers that are managed beside this one. */
  readonly neighbours: readonly World[];
  /** Public key of the peer that is looked at. */
  readonly peerKey: string;
  /** Addresses at which the peer really is. */
  serverAddresses(): readonly string[];
  /** What the peer's name gives while nothing is wrong with it. */
  published(): readonly string[];
  usualPath(): PathSettings;
  /** The client's interface, or null while there is none. */
  device(): Device | null;
  setInside(inside: Swarm['inside']): void;
  /** The client gets other addresses of its own. */
  renumber(random: Random): void;
  recreateInterface(afterMs: number): void;
  /** Somebody removes the peer and adds it again later, as it was configured. */
  removePeer(forMs: number): void;
  /** What happens when the engine next asks for a set; null for nothing. */
  atNextSet(happens: (() => void) | null): void;
  /** What happens when the next trial is asked for, and when one has failed because the endpoint was taken back. */
  atNextTrial(happens: TrialHooks | null): void;
  /** The program stands still for that long from now on. */
  stalled(forMs: number): void;
  /** `wg` does not do what it should for that long. */
  troubleTool(forMs: number): void;
  /** Until when the program cannot be expected to notice anything. */
  excusedUntilMs(): number;
  /** The peer answers echoes inside. */
  answersInside(): boolean;
  /** Everything goes wrong until now; from now on one way is left. Returns what it is. */
  stopFaults(): string;
}

/** What somebody does to one trial. */
export interface TrialHooks {
  readonly set: () => void;
  readonly failed: (endpoint: string) => void;
}

/** How long somebody uses a tunnel at a time, and how long not, on average. */
const usesForMs = { use: 600_000, rest: 2_400_000 } as const;

/** Builds the world of a seed; nothing happens before `start`. `observerOf`: of the other managed ends, by name. */
export function createWorld(
  seed: number,
  observer: EndObserver,
  note: (text: string) => void,
  observerOf: (name: string) => EndObserver = () => ({}),
): World {
  const random = createRandom(seed).split('world');
  const swarm = worldSwarm(createRandom(seed));
  const own = [`${tunnelAddresses.clientInner}/24`];
  const allowed = [`${tunnelAddresses.serverInner}/32`];
  // Some people list their own address among those of the peer; it answers itself and must not be asked.
  const written = swarm.ownAddressAllowed ? [`${tunnelAddresses.clientInner}/32`, ...allowed] : allowed;
  const targets = echoTargets({
    allowedIpsWritten: written,
    allowedIpsLive: allowed,
    otherPeers: [],
    ownAddresses: own,
  }).map((target) => target.address);
  const published = swarm.wrongHost === null ? swarm.published : [swarm.wrongHost, ...swarm.published];
  let nextSet: (() => void) | null = null;
  let nextTrial: TrialHooks | null = null;
  const tunnel = createManagedTunnel({
    seed,
    profile: swarm.profile,
    implementation: swarm.implementation,
    delayMs: swarm.delayMs,
    keepaliveS: swarm.keepaliveS,
    serverKeepaliveS: swarm.serverKeepaliveS,
    published,
    startsOn: endpointText(swarm.startsOn, tunnelAddresses.port),
    bothEnds: swarm.bothEnds,
    serverObserver: observerOf('server'),
    moreClientPeers: neighbourPeers(swarm.neighbours.sameInterface),
    echoTargets: targets,
    observer: {
      ...observer,
      asked(action) {
        observer.asked?.(action);
        if (action.type === 'report' && action.fact.kind === 'trial-failed') {
          const failed = action.fact.reason.includes('took the endpoint back')
            ? nextTrial?.failed
            : undefined;
          if (failed) nextTrial = null;
          failed?.(action.fact.endpoint);
        }
        if (action.type !== 'set') return;
        if (action.reason === 'trial') nextTrial?.set();
        const happens = nextSet;
        nextSet = null;
        happens?.();
      },
    },
  });
  const { clock, network, client, server, dns, managed } = tunnel;
  const usual: PathSettings = {
    ...usualPath,
    delayMs: swarm.delayMs,
    jitterMs: swarm.jitterMs,
    lossRate: swarm.lossRate,
  };
  network.setPath('*', '*', usual);
  for (const address of tunnelAddresses.server)
    if (swarm.mtu?.family === familyOfAddress(address))
      network.setPaths('*', address, { mtuBytes: swarm.mtu.bytes });
  const nat = swarm.nat ? createNat({ publicAddress: '192.0.2.200', idleMs: 120_000, random }) : null;
  if (nat) client.host.uplink('eth0', { nat });
  tunnel.addHost('stranger', wrongHosts);
  let clientAddresses: readonly string[] = tunnelAddresses.client;
  const faults = createFaultBook(network);
  const truthOf = (peerHost: string, addresses: readonly string[]): Truth => {
    const made = createTruth({
      faults,
      peerHost,
      nowMs: clock.nowMs,
      clientAddresses: () => clientAddresses,
    });
    made.setAddresses(addresses);
    network.observe((fate, { payload, source, destination }) => {
      if (payload.kind !== 'response' || fate !== 'delivered') return;
      if (addresses.includes(source ?? '') || addresses.includes(destination)) made.sessionMade();
    });
    return made;
  };
  const beside = addNeighbours(tunnel, {
    ...swarm.neighbours,
    profile: profiles[swarm.profile],
    observer: observerOf,
  }).map((neighbour) => ({ ...neighbour, truth: truthOf(neighbour.name, neighbour.addresses) }));
  const truth = togetherWith(
    truthOf('server', tunnelAddresses.server),
    beside.map((one) => one.truth),
  );
  const onInterface = [
    managed,
    ...beside.filter((one) => one.device === client.device).map((one) => one.managed),
  ];
  let inside = swarm.inside;
  let present = true;
  let excusedUntilMs = 0;
  let names = published;
  let numbering = 1;
  let endTroubles = (): void => {};

  const excuse = (forMs: number): void => {
    excusedUntilMs = Math.max(excusedUntilMs, clock.nowMs() + forMs);
  };
  const setInside = (now: Swarm['inside']): void => {
    inside = now;
    // Silence inside looks like a dead path until the counters tell.
    truth.disturb();
    server.inner.setDropsEverything(now === 'silent');
  };
  setInside(swarm.inside);

  const startUserTraffic = (): void => {
    const { serverInner, clientInner } = tunnelAddresses;
    const mine = random.split('traffic');
    // Full size where that gets lost.
    const answerBytes = swarm.mtu === null ? 1_000 : 1_400;
    const uses = (start: () => Traffic): void => startNowAndThen(clock, mine, usesForMs, start);
    if (swarm.traffic === 'pings') uses(() => startPings(clock, client.inner, serverInner, 1_000));
    if (swarm.traffic === 'requests')
      uses(() => startRequests(clock, client.inner, serverInner, 700, answerBytes));
    if (swarm.traffic === 'one-way') uses(() => startOneWay(clock, client.inner, serverInner, 900));
    if (swarm.serverTalks) uses(() => startOneWay(clock, server.inner, clientInner, 2_500));
  };

  const alone: World = {
    ...tunnel,
    seed,
    swarm,
    truth,
    nat,
    managed: {
      ...managed,
      dispatch(event) {
        managed.dispatch(event);
        // That concerns everybody on the host.
        if (event.type === 'network-changed') for (const one of beside) one.managed.dispatch(event);
      },
    },
    neighbours: [],
    peerKey: tunnelKeys.server,
    serverAddresses: () => tunnelAddresses.server,
    published: () => names,
    usualPath: () => usual,
    device: () => (present ? client.device : null),
    setInside,
    renumber(mine) {
      numbering = 2 + mine.integer(250);
      clientAddresses = [
        `192.0.2.${numbering === 200 ? 201 : numbering}`,
        `2001:db8:c::${numbering.toString(16)}`,
      ];
      truth.disturb();
      client.host.uplink('eth0', { addresses: clientAddresses });
      clock.after(100, () => world.managed.dispatch({ type: 'network-changed' }), undefined);
    },
    recreateInterface(afterMs) {
      present = false;
      truth.disturb(afterMs);
      truth.sessionLost();
      for (const one of onInterface) one.setDevice(null);
      client.device.setUp(false);
      clock.after(
        afterMs,
        () => {
          client.device.restart();
          client.device.setUp(true);
          present = true;
          for (const one of onInterface) one.setDevice(client.device);
        },
        undefined,
      );
    },
    removePeer(forMs) {
      if (!present || client.device.show(tunnelKeys.server) === null) return;
      truth.disturb(forMs);
      truth.sessionLost();
      client.device.remove(tunnelKeys.server);
      clock.after(forMs, () => present && client.device.restart(tunnelKeys.server), undefined);
    },
    atNextSet(happens) {
      nextSet = happens;
    },
    atNextTrial(happens) {
      nextTrial = happens;
    },
    stalled: excuse,
    // A call that began hanging goes on for up to 5 s, and writes queue up behind each other.
    troubleTool: (forMs) => excuse(forMs + 20_000),
    excusedUntilMs: () => Math.max(excusedUntilMs, truth.disturbedAtMs()),
    answersInside: () => inside === 'answers',
    start() {
      if (swarm.startsWithoutDns) {
        dns.setHealth(serverName, { kind: 'dead' });
        clock.after(600_000, () => dns.setHealth(serverName, { kind: 'well' }), undefined);
      }
      startUserTraffic();
      tunnel.start();
      for (const one of beside) one.managed.start();
      endTroubles = startTroubles(world, swarm, note);
    },
    stopFaults() {
      endTroubles();
      world.setInside(swarm.inside);
      return leave(world, (now) => {
        names = now;
        dns.publish(serverName, now);
      });
    },
  };
  const world: World = { ...alone, neighbours: beside.map((one) => besideView(alone, one)) };
  return world;
}

/** Leaves one way open, as the world's lot says. */
function leave(world: World, publish: (addresses: readonly string[]) => void): string {
  const { swarm, truth } = world;
  const real = world.published().filter((address) => tunnelAddresses.server.some((one) => one === address));
  const lastGood = world.managed.watch().snapshot().lastGood;
  let only: string | null = null;
  if (swarm.left === 'only-last') only = real.at(-1) ?? null;
  if (swarm.left === 'only-last-known-good')
    only = tunnelAddresses.server.find((one) => endpointText(one, tunnelAddresses.port) === lastGood) ?? null;
  if (swarm.left === 'only-after-resolution') {
    only = tunnelAddresses.server.find((address) => !world.published().includes(address)) ?? null;
    if (only !== null) publish([only]);
  }
  if (only === null) return 'every address';
  for (const address of tunnelAddresses.server) {
    if (address === only) continue;
    truth.addFault({ effect: 'drop', to: address });
    truth.addFault({ effect: 'drop', from: address });
  }
  return only;
}

/** What the interface says of the peer, for reports. */
export function statusText(world: World): string {
  const status = world.device()?.show(tunnelKeys.server);
  if (!status) return 'no interface';
  return `${status.endpoint ?? '(none)'}, rx ${status.rxBytes}, tx ${status.txBytes}`;
}
