import { startOneWay, startPings, startRequests } from '../../sim/inner/traffic.ts';
import { createRandom } from '../../sim/random.ts';
import { createTunnel, endpointText, type Tunnel, tunnelAddresses, tunnelKeys } from '../../sim/tunnel.ts';
import type { PeerStatus } from '../../sim/wireguard/device.ts';

/** A tunnel to which all sorts of things happen at random times. */
export interface RandomWorld {
  readonly tunnel: Tunnel;
  /** The client's status of the server, then the server's of the client. */
  statuses(): readonly PeerStatus[];
  /** Whether a peer was made anew since `takeRecreated` was last called. */
  recreated(): boolean;
  takeRecreated(): boolean;
  madeAnewSince(atMs: number): boolean;
  everMadeAnew(): boolean;
}

/** Builds it; the seed decides about everything. Half of the worlds never make a peer anew. */
export function createRandomWorld(seed: number): RandomWorld {
  const random = createRandom(seed).split('world');
  const implementation = random.pick(['kernel', 'wireguard-go'] as const);
  const keepalive = () => ({ persistentKeepaliveS: random.pick([0, 0, 25, 5]) });
  const tunnel = createTunnel({
    seed,
    implementation,
    delayMs: random.between(0.5, 300),
    clientPeer: keepalive(),
    serverPeer: keepalive(),
  });
  const { clock, network, client, server } = tunnel;
  const port = tunnelAddresses.port;
  let lastMadeAnewMs = Number.NEGATIVE_INFINITY;
  let recreated = false;

  network.setPath('*', '*', {
    jitterMs: random.pick([0, 20, 300]),
    lossRate: random.pick([0, 0.02, 0.3]),
    burst: random.chance(0.3)
      ? { goodMs: 20_000, badMs: 800, badMaxMs: 2_000, goodLoss: 0, badLoss: 1 }
      : null,
  });
  startPings(clock, client.inner, tunnelAddresses.serverInner, random.pick([200, 1_000, 30_000]));
  if (random.chance(0.5)) {
    startRequests(clock, server.inner, tunnelAddresses.clientInner, random.between(500, 60_000));
  }
  if (random.chance(0.5)) startOneWay(clock, client.inner, tunnelAddresses.serverInner, 700);

  const madeAnew = (): void => {
    recreated = true;
    lastMadeAnewMs = clock.nowMs();
  };
  const gentle: readonly (() => void)[] = [
    () => {
      const address = random.pick(tunnelAddresses.server);
      client.device.set(tunnelKeys.server, { endpoint: endpointText(address, port) });
    },
    () => {
      const lift = network.addFault({
        effect: random.pick(['drop', 'no-route']),
        to: random.pick(tunnelAddresses.server),
      });
      clock.after(random.between(1_000, 300_000), lift, undefined);
    },
    () => {
      const lift = network.addFault({ effect: 'drop', from: 'server', family: random.pick([4, 6]) });
      clock.after(random.between(1_000, 300_000), lift, undefined);
    },
    () => client.host.clock.stepWall(random.between(-5_000, 5_000)),
    () => server.inner.setDropsEverything(random.chance(0.5)),
    () => client.device.set(tunnelKeys.server, keepalive()),
    () => {
      client.device.setListenPort(random.pick([port, 40_000, 41_000]));
    },
  ];
  const rough: readonly (() => void)[] = [
    () => {
      madeAnew();
      server.device.restart();
    },
    () => {
      madeAnew();
      client.device.reset(tunnelKeys.server, {
        endpoint: endpointText(random.pick(tunnelAddresses.server), port),
        allowedIps: [`${tunnelAddresses.serverInner}/32`],
      });
    },
    () => client.host.clock.suspend(random.between(1_000, 400_000)),
    () => {
      madeAnew();
      client.device.setUp(false);
      client.device.setUp(true);
    },
  ];
  const things = random.chance(0.5) ? [...gentle, ...rough] : gentle;
  const happen = (): void => {
    random.pick(things)();
    clock.after(random.exponential(90_000), happen, undefined);
  };
  clock.after(random.exponential(60_000), happen, undefined);

  const found = (status: PeerStatus | null): PeerStatus => {
    if (status === null) throw new Error('a peer is gone');
    return status;
  };
  return {
    tunnel,
    statuses: () => [
      found(client.device.show(tunnelKeys.server)),
      found(server.device.show(tunnelKeys.client)),
    ],
    recreated: () => recreated,
    takeRecreated() {
      const was = recreated;
      recreated = false;
      return was;
    },
    madeAnewSince: (atMs) => lastMadeAnewMs >= atMs,
    everMadeAnew: () => lastMadeAnewMs > Number.NEGATIVE_INFINITY,
  };
}
