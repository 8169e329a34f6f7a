import { readFileSync } from 'node:fs';
import { mustRun } from '../../lab/command.ts';
import type { Lab, LabServer, Namespace, ServerAddress } from '../../lab/index.ts';
import type { KeyPair } from '../../lab/keys.ts';
import { wireguardDevice } from '../../lab/wireguard-device.ts';

/** One peer of the fleet. */
export interface FleetPeer {
  readonly keys: KeyPair;
  readonly inner: string;
  readonly port: number;
  readonly name: string;
  /** The far interface. At most three characters after the lab's id, which leaves room for 1296 of them. */
  readonly device: string;
  /** Which far machine it is on, from 0. */
  readonly host: number;
  /** Routing table of that machine, for the way back. */
  readonly table: number;
}

/**
 * Far interfaces on one machine. Each wireguard-go wakes up for each address and route that its namespace gets, so
 * the work grows with the square: a thousand on one machine took both cores for four minutes.
 */
export const perHost = 40;

/** Several at a time: each is three short processes. */
const startedTogether = 4;
/** The client's inner address, the same for all. */
const clientInner = '10.77.0.2/32';
/** User ids that nobody has. */
const firstUser = 2_000_000_000;
/** Left of a user's inotify instances for a margin: wireguard-go needs one, and the system's default is 128. */
const spareInotify = 28;
const capabilities = '+net_admin,+dac_override';

/** The far machines for so many peers: one address of each family each, named `v4-0`, `v6-0`, `v4-1` and so on. */
export function farHosts(peers: number): readonly ServerAddress[] {
  return Array.from({ length: Math.ceil(peers / perHost) }, (_, host) => [
    { name: `v6-${host}`, address: `2001:db8:1::${(host + 1).toString(16)}`, host: hostName(host) },
    { name: `v4-${host}`, address: `203.0.113.${host + 1}`, host: hostName(host) },
  ]).flat();
}

/** The far machine of that number. */
export function farHost(lab: Lab, host: number): LabServer {
  return lab.server(hostName(host));
}

/** Gives the far machines a WireGuard interface for each of these peers, and the ways back. */
export async function startFarSide(lab: Lab, fleet: readonly FleetPeer[]): Promise<void> {
  const clientKey = (await mustRun(inClient(lab, ['wg', 'show', lab.interface, 'public-key']))).trim();
  const perUser = Math.max(1, inotifyLimit() - spareInotify);
  const waiting = fleet.map((peer, index) => ({ peer, user: firstUser + Math.floor(index / perUser) }));
  await Promise.all(
    Array.from({ length: startedTogether }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { peer, user } = next;
        const device = wireguardDevice(asUser(farHost(lab, peer.host), user), {
          lab: lab.id,
          interface: peer.device,
          implementation: lab.implementation,
          keys: peer.keys,
          listenPort: peer.port,
          fwmark: null,
          addresses: [`${peer.inner}/32`],
          routes: [],
          peers: [
            {
              publicKey: clientKey,
              presharedKey: null,
              allowedIps: [clientInner],
              endpoint: null,
              persistentKeepaliveS: null,
            },
          ],
        });
        await device.up();
      }
    }),
  );
  // All have the same address at the other end, so the way back goes by their own.
  for (const host of new Set(fleet.map((peer) => peer.host))) {
    const here = fleet.filter((peer) => peer.host === host);
    await farHost(lab, host).ip(
      here.flatMap((peer) => [
        `route add ${clientInner} dev ${peer.device} table ${peer.table}`,
        `rule add from ${peer.inner} lookup ${peer.table}`,
      ]),
    );
  }
}

/** A command for `runCommand` that runs in the client's namespace. */
export function inClient(lab: Lab, command: readonly string[]): readonly string[] {
  return ['ip', 'netns', 'exec', lab.client.name, ...command];
}

/** The same machine, on which what is started runs as another user, with what a WireGuard daemon may do. */
function asUser(machine: Namespace, user: number): Namespace {
  const prefix = [
    ...['setpriv', `--reuid=${user}`, '--clear-groups'],
    ...[`--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`],
  ];
  return { ...machine, spawn: (command, options) => machine.spawn([...prefix, ...command], options) };
}

function inotifyLimit(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_user_instances', 'utf8'));
  } catch {
    return 0;
  }
}

function hostName(host: number): string {
  return `far${host}`;
}
