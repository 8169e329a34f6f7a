import type { ConfigPeer } from './client-files.ts';
import { writeClientConfig, writeClientFiles } from './client-files.ts';
import type { ClientWireguard } from './client-wireguard.ts';
import { clientWireguard } from './client-wireguard.ts';
import { clientSettings, serverSettings } from './device-settings.ts';
import type { LabDns } from './dns.ts';
import { startDns } from './dns.ts';
import type { Implementation } from './implementation.ts';
import { wireguardImplementation } from './implementation.ts';
import { addInnerRoutes, setSysctl } from './inner-routes.ts';
import { ensureKeeper } from './keeper.ts';
import type { Namespace } from './namespace.ts';
import { namespaceHandle } from './namespace.ts';
import type { LabOptions } from './options.ts';
import type { LabPath } from './path.ts';
import { startPath } from './path.ts';
import type { Plan } from './plan.ts';
import { endpointOf, planLab } from './plan.ts';
import { registerLab, removeLab, sweepDeadLabs } from './registry.ts';
import type { LabServer } from './server.ts';
import { serverControls } from './server.ts';
import { configureNamespaces, createNamespaces } from './topology.ts';
import type { LabUplink } from './uplink.ts';
import { uplinkControls } from './uplink.ts';
import { waitFor } from './wait.ts';
import { wireguardDevice } from './wireguard-device.ts';

/** The client's machine. */
export interface LabClient extends Namespace {
  /** Its uplinks, from 0, the preferred one. */
  uplink(index?: number): LabUplink;
}

/**
 * A WireGuard client and its servers in network namespaces of their own, with a path between that can be
 * broken.
 */
export interface Lab {
  /** Unique on this machine; all namespaces are named `<id>-…`. */
  readonly id: string;
  /** The client's WireGuard interface, unique on this machine. */
  readonly interface: string;
  readonly implementation: Implementation;
  /** UDP port of the servers. */
  readonly port: number;
  readonly client: LabClient;
  /** Has the DNS server and the forwarder. */
  readonly router: Namespace;
  /** Has the addresses of the wrong hosts. */
  readonly world: Namespace;
  /** A far machine: the first of that peer, or by the name of the host. Default: the first peer's. */
  server(which?: number | string): LabServer;
  /** A peer's public key. */
  peerKey(peer?: number): string;
  /** A peer's inner address of that family (default 4), for pings through the tunnel. */
  innerAddress(peer?: number, family?: 4 | 6): string;
  /** The address of the server of that name, and the same with its port as `wg` prints it. */
  address(name: string): string;
  endpoint(name: string): string;
  readonly path: LabPath;
  readonly dns: LabDns;
  readonly wg: ClientWireguard;
  /**
   * Writes /etc/wireguard/<interface>.conf of the client, one `[Peer]` for each peer; returns its path
   * outside.
   */
  writeConfig(...peers: readonly ConfigPeer[]): string;
  /** Pings through the tunnel until the peer answers; throws if it does not in time (default 30 s). */
  connect(peer?: number, withinMs?: number): Promise<void>;
  /**
   * One ping through the tunnel: the round trip in milliseconds, or null without an answer in time (default
   * 1 s).
   */
  innerPing(peer?: number, timeoutMs?: number): Promise<number | null>;
  /** Removes everything, whatever state it is in. May be called twice. */
  close(): Promise<void>;
}

/**
 * Builds a lab. Everything works when it resolves, but no handshake has been made yet: see `connect`.
 * Throws, with nothing left behind, on unusable options or a machine that cannot do it (see
 * `describeMissing`).
 */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  await ensureKeeper();
  await sweepDeadLabs();
  const id = registerLab();
  try {
    return await build(planLab(id, options), options);
  } catch (error) {
    await removeLab(id);
    throw error;
  }
}

async function build(plan: Plan, options: LabOptions): Promise<Lab> {
  const implementation = options.implementation ?? (await wireguardImplementation());
  const client = namespaceHandle(plan.namespaces.client);
  const router = namespaceHandle(plan.namespaces.router);

  writeClientFiles(plan, options.resolvConf ?? []);
  await createNamespaces(plan);
  const { delayMs = 10, jitterMs = 0, seed = 1 } = options;
  const starting = startPath(router, { delayMs, jitterMs, seed });
  starting.catch(() => undefined);

  const hosts = plan.hosts.map((host) => {
    const machine = namespaceHandle(host.namespace);
    return { host, machine, device: wireguardDevice(machine, serverSettings(plan, host, implementation)) };
  });
  const device = wireguardDevice(client, clientSettings(plan, implementation));
  const clientUp = async () => {
    await device.up();
    await addInnerRoutes(client, plan);
  };

  await configureNamespaces(plan);
  const pingGroups = options.pingGroupRange === 'closed' ? '1 0' : '0 2147483647';
  const [path, dns] = await Promise.all([
    starting.then(async (started) => {
      await started.attach();
      return started;
    }),
    startDns(router, {
      lab: plan.id,
      ttlS: options.dnsTtlS ?? 1,
      setDelay: async (delay) => (await starting).setDnsDelay(delay),
    }),
    setSysctl(client, 'net/ipv4/ping_group_range', pingGroups),
    clientUp(),
    ...hosts.map((each) => each.device.up()),
  ]);

  const servers = hosts.map((each) => ({
    host: each.host,
    controls: serverControls(plan, each.host, each.machine, router, each.device),
  }));
  const uplinks = plan.uplinks.map((uplink) => uplinkControls(client, uplink));
  const peerOf = (peer: number) => found(plan.peers[peer], `peer ${peer}`);
  const address = (name: string) =>
    found(
      plan.servers.find((server) => server.name === name),
      `server "${name}"`,
    ).address;
  const innerAddress = (peer = 0, family: 4 | 6 = 4) =>
    found(
      peerOf(peer).inner.find((each) => each.includes(':') === (family === 6)),
      `inner IPv${family} address of peer ${peer}`,
    );

  const innerPing = async (peer = 0, timeoutMs = 1000) => {
    const wait = String(timeoutMs / 1000);
    const { stdout } = await client.exec(['ping', '-n', '-c', '1', '-W', wait, innerAddress(peer)]);
    const ms = /time=([\d.]+) ms/.exec(stdout)?.[1];
    return ms === undefined ? null : Number(ms);
  };

  return {
    id: plan.id,
    interface: plan.interface,
    implementation,
    port: plan.port,
    client: { ...client, uplink: (index = 0) => found(uplinks[index], `uplink ${index}`) },
    router,
    world: namespaceHandle(plan.namespaces.world),
    server: (which = 0) =>
      found(
        servers.find(({ host }) => (typeof which === 'number' ? host.peer : host.name) === which),
        `server ${which}`,
      ).controls,
    peerKey: (peer = 0) => peerOf(peer).keys.publicKey,
    innerAddress,
    address,
    endpoint: (name) => endpointOf(address(name), plan.port),
    path,
    dns,
    wg: clientWireguard(plan, client, device, clientUp),
    writeConfig: (...peers) => writeClientConfig(plan, peers),
    connect: async (peer = 0, withinMs = 30_000) => {
      await waitFor('the tunnel answers', async () => (await innerPing(peer)) !== null, withinMs);
    },
    innerPing,
    close: () => removeLab(plan.id),
  };
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The lab has no ${what}.`);
  return value;
}
