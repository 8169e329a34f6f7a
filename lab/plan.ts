import ipaddr from 'ipaddr.js';
import type { KeyPair } from './keys.ts';
import { generateKeyPair, generatePresharedKey } from './keys.ts';
import type { LabOptions, ServerAddress } from './options.ts';

/** One way from the client to the router. */
export interface UplinkPlan {
  /** Device names at both ends. */
  readonly device: string;
  readonly routerDevice: string;
  /** Of two default routes the lower metric wins. */
  readonly metric: number;
  readonly families: readonly UplinkFamily[];
}

/**
 * The addresses of an uplink in one family. Uplinks admit only sources within their prefix, as providers do.
 */
export interface UplinkFamily {
  readonly family: 4 | 6;
  readonly network: string;
  readonly prefixBits: number;
  readonly gateway: string;
  readonly client: string;
}

/** A machine at the far side that runs WireGuard. */
export interface HostPlan {
  readonly name: string;
  readonly peer: number;
  readonly namespace: string;
  readonly interface: string;
  readonly routerDevice: string;
  /** The router's IPv4 address on the way to this machine; in a network that nobody else uses. */
  readonly gateway: string;
  readonly addresses: readonly string[];
}

/** A peer of the client's interface. */
export interface PeerPlan {
  readonly keys: KeyPair;
  readonly presharedKey: string | null;
  readonly inner: readonly string[];
  readonly allowedIps: readonly string[];
  /** `address:port`, or null for none at the start. */
  readonly endpoint: string | null;
}

/** Everything about a lab that is settled before the first command runs. */
export interface Plan {
  readonly id: string;
  readonly interface: string;
  readonly namespaces: { readonly client: string; readonly router: string; readonly world: string };
  readonly port: number;
  readonly clientKeys: KeyPair;
  readonly clientInner: readonly string[];
  readonly persistentKeepaliveS: number | null;
  /** Also the routing table, as with wg-quick; null unless the lab is a full tunnel. */
  readonly fwmark: number | null;
  readonly uplinks: readonly UplinkPlan[];
  readonly servers: readonly Required<ServerAddress>[];
  readonly hosts: readonly HostPlan[];
  readonly peers: readonly PeerPlan[];
  readonly wrongHosts: readonly string[];
}

/** Each peer has an IPv4 address of its own in 203.0.113.0/24. */
export const maxPeers = 254;

const wireguardPort = 51_820;
const everything = ['0.0.0.0/0', '::/0'];

/**
 * Settles names, addresses and keys. Throws on options that contradict each other or hold what is no
 * address.
 */
export function planLab(id: string, options: LabOptions): Plan {
  const port = options.port ?? wireguardPort;
  const peerCount = options.peers ?? 1;
  if (!(peerCount >= 1 && peerCount <= maxPeers))
    throw new Error(`The lab has room for 1 to ${maxPeers} peers, not for ${peerCount}.`);
  const servers = Array.from({ length: peerCount }, (_, peer) =>
    serversOf(peer, options.servers ?? []),
  ).flat();
  const stray = options.servers?.find((server) => (server.peer ?? 0) >= peerCount);
  if (stray)
    throw new Error(`Server ${stray.address} is of peer ${stray.peer}, but the lab has ${peerCount}.`);
  for (const address of [...servers.map((server) => server.address), ...(options.wrongHosts ?? [])]) {
    if (!ipaddr.isValid(address)) throw new Error(`"${address}" is no IP address.`);
  }
  return {
    id,
    interface: `${id}c`,
    namespaces: { client: `${id}-client`, router: `${id}-router`, world: `${id}-world` },
    port,
    clientKeys: generateKeyPair(),
    clientInner: options.inner?.client ?? ['10.77.0.2/24', 'fd77::2/64'],
    persistentKeepaliveS: options.persistentKeepaliveS ?? null,
    fwmark: options.fullTunnel ? wireguardPort : null,
    uplinks: Array.from({ length: options.uplinks ?? 1 }, (_, index) =>
      uplinkOf(index, options.families ?? [4, 6]),
    ),
    servers,
    hosts: hostsOf(id, servers),
    peers: Array.from({ length: peerCount }, (_, peer) => peerOf(peer, options, servers, port)),
    wrongHosts: options.wrongHosts ?? [],
  };
}

/** The family of an address, or of a network in CIDR notation. */
export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** An address as a network of its own: /32 or /128. */
export function hostPrefix(address: string): string {
  return `${address}/${familyOf(address) === 4 ? 32 : 128}`;
}

/** An address and a port as WireGuard prints them. */
export function endpointOf(address: string, port: number): string {
  return familyOf(address) === 4 ? `${address}:${port}` : `[${address}]:${port}`;
}

function serversOf(peer: number, given: readonly ServerAddress[]): Required<ServerAddress>[] {
  const own = given.filter((server) => (server.peer ?? 0) === peer);
  const suffix = peer === 0 ? '' : `-${peer}`;
  const defaults: ServerAddress[] = [
    { name: `v6${suffix}`, address: `2001:db8:${peer + 1}::1` },
    { name: `v4${suffix}`, address: `203.0.113.${peer + 1}` },
  ];
  return (own.length > 0 ? own : defaults).map((server) => ({
    name: server.name ?? server.address,
    address: ipaddr.isValid(server.address) ? ipaddr.parse(server.address).toString() : server.address,
    peer,
    host: server.host ?? String(peer),
  }));
}

function hostsOf(id: string, servers: readonly Required<ServerAddress>[]): HostPlan[] {
  const names = [...new Set(servers.map((server) => server.host))];
  return names.map((name, index) => {
    const own = servers.filter((server) => server.host === name);
    const peers = new Set(own.map((server) => server.peer));
    if (peers.size > 1) throw new Error(`Host "${name}" cannot be of more than one peer.`);
    return {
      name,
      peer: own[0]?.peer ?? 0,
      namespace: `${id}-server${index}`,
      interface: `${id}s${index}`,
      routerDevice: `s${index}`,
      gateway: `100.64.${index}.1`,
      addresses: own.map((server) => server.address),
    };
  });
}

function peerOf(
  peer: number,
  options: LabOptions,
  servers: readonly Required<ServerAddress>[],
  port: number,
): PeerPlan {
  const first = peer === 0;
  const inner = (first ? options.inner?.server : undefined) ?? [
    `10.77.${peer}.1`,
    first ? 'fd77::1' : `fd77:0:0:${peer}::1`,
  ];
  const given = first ? (options.fullTunnel ? everything : options.allowedIps) : undefined;
  const start = servers.find((server) => server.peer === peer)?.address ?? null;
  const wanted = first && options.endpoint !== undefined ? options.endpoint : start;
  const address = servers.find((server) => server.name === wanted)?.address ?? wanted;
  return {
    keys: generateKeyPair(),
    presharedKey: options.presharedKey ? generatePresharedKey() : null,
    inner,
    allowedIps: given ?? inner.map(hostPrefix),
    endpoint: address === null ? null : endpointOf(address, port),
  };
}

function uplinkOf(index: number, families: readonly (4 | 6)[]): UplinkPlan {
  const base = 128 * index;
  const all: UplinkFamily[] = [
    {
      family: 4,
      network: `192.0.2.${base}/25`,
      prefixBits: 25,
      gateway: `192.0.2.${base + 1}`,
      client: `192.0.2.${base + 2}`,
    },
    {
      family: 6,
      network: `2001:db8:c${index}::/64`,
      prefixBits: 64,
      gateway: `2001:db8:c${index}::1`,
      client: `2001:db8:c${index}::2`,
    },
  ];
  return {
    device: `eth${index}`,
    routerDevice: `c${index}`,
    metric: 100 * (index + 1),
    families: all.filter((each) => families.includes(each.family)),
  };
}
