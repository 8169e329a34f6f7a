import { type Clock, createClock } from './clock.ts';
import { createHostClock } from './host-clock.ts';
import { createInnerHost, type InnerHost } from './inner/host.ts';
import type { Host } from './network/host.ts';
import { createNetwork, type Network } from './network.ts';
import { createRandom, type Random } from './random.ts';
import { createDevice, type Device, type PeerSettings } from './wireguard/device.ts';
import type { Implementation } from './wireguard/protocol.ts';

/** One end of a tunnel. */
export interface TunnelEnd {
  readonly host: Host;
  readonly device: Device;
  readonly inner: InnerHost;
}

/** How to build a tunnel; everything has a usual value but the seed. */
export interface TunnelOptions {
  readonly seed: number;
  /** Of both ends; default the kernel's. */
  readonly implementation?: Implementation;
  /** One way, on every path; default 10. */
  readonly delayMs?: number;
  /** More settings of each end's peer: keepalive, preshared key, other allowed IPs, no endpoint. */
  readonly clientPeer?: PeerSettings;
  /** More peers of the client's interface, by key. */
  readonly moreClientPeers?: Readonly<Record<string, PeerSettings>>;
  readonly serverPeer?: PeerSettings;
  /** Default: the addresses of `tunnelAddresses`. */
  readonly serverAddresses?: readonly string[];
  readonly clientAddresses?: readonly string[];
}

/** A world with a client and a server and a WireGuard tunnel between them. */
export interface Tunnel {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly client: TunnelEnd;
  readonly server: TunnelEnd;
  /** Adds another machine to the same world. */
  addHost(name: string, addresses: readonly string[]): Host;
}

/** The addresses of a usual tunnel (RFC 5737 and 3849 outside, private ones inside). */
export const tunnelAddresses = {
  client: ['192.0.2.1', '2001:db8:c::1'],
  server: ['198.51.100.1', '198.51.100.2', '198.51.100.3', '2001:db8:5::1'],
  clientInner: '10.77.0.1',
  serverInner: '10.77.0.2',
  port: 51_820,
} as const;

/** Stand for public keys: the model only compares them. */
export const tunnelKeys = { client: 'client-key', server: 'server-key' } as const;

/** Builds the world: both ends up, no session yet, the client's endpoint being the server's first address. */
export function createTunnel(options: TunnelOptions): Tunnel {
  const random = createRandom(options.seed);
  const clock = createClock();
  const network = createNetwork({ clock, random });
  network.setPath('*', '*', { delayMs: options.delayMs ?? 10 });
  const implementation = options.implementation ?? 'kernel';
  const startMs = 1_700_000_000_000 + random.split('wall').between(0, 1000);
  const clientAddresses = options.clientAddresses ?? tunnelAddresses.client;
  const serverAddresses = options.serverAddresses ?? tunnelAddresses.server;

  const addHost = (name: string, addresses: readonly string[]): Host => {
    const host = network.addHost(name, createHostClock(clock, { wallMs: startMs + clock.nowMs() }));
    host.uplink('eth0', { addresses });
    return host;
  };

  const addEnd = (
    name: 'client' | 'server',
    addresses: readonly string[],
    innerAddress: string,
    peerKey: string,
    peer: PeerSettings,
  ): TunnelEnd => {
    const host = addHost(name, addresses);
    const peers = { [peerKey]: peer, ...(name === 'client' ? options.moreClientPeers : {}) };
    const device = createDevice({
      host,
      random,
      publicKey: tunnelKeys[name],
      listenPort: tunnelAddresses.port,
      implementation,
      peers,
    });
    return { host, device, inner: createInnerHost({ clock, device, addresses: [innerAddress] }) };
  };

  const { clientInner, serverInner, port } = tunnelAddresses;
  const server = addEnd('server', serverAddresses, serverInner, tunnelKeys.client, {
    allowedIps: [`${clientInner}/32`],
    ...options.serverPeer,
  });
  const client = addEnd('client', clientAddresses, clientInner, tunnelKeys.server, {
    allowedIps: [`${serverInner}/32`],
    endpoint: endpointText(serverAddresses[0] ?? '', port),
    ...options.clientPeer,
  });
  return { clock, random, network, client, server, addHost };
}

/** The text of an endpoint as `wg` has it. */
export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
