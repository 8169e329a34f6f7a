import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Plan } from './plan.ts';
import { endpointOf } from './plan.ts';

/** A `[Peer]` section of the client's configuration file. */
export interface ConfigPeer {
  /** Host name or address for `Endpoint =`. */
  readonly endpointName?: string;
  /** Default: the lab's port. */
  readonly port?: number;
  /** As written, for instance 10.77.0.1/24. Default: what the interface has. */
  readonly allowedIps?: readonly string[];
}

const filesDirectory = '/etc/netns';

/**
 * Makes the files that `ip netns exec` shows to the client's programs instead of the machine's: resolv.conf
 * with the lab's DNS server, hosts, nsswitch.conf (hosts files and DNS, nothing that would ask the machine)
 * and /etc/wireguard.
 */
export function writeClientFiles(plan: Plan, resolvConf: readonly string[]): void {
  const directory = `${filesDirectory}/${plan.namespaces.client}`;
  mkdirSync(`${directory}/wireguard`, { recursive: true, mode: 0o700 });
  // Bound over the machine's directory, which must exist for that; the package wireguard-tools makes it, too.
  mkdirSync('/etc/wireguard', { recursive: true, mode: 0o700 });
  const servers = plan.uplinks.slice(0, 1).flatMap((uplink) => uplink.families.slice(0, 1));
  const nameservers = servers.map((each) => `nameserver ${each.gateway}`);
  writeFileSync(`${directory}/resolv.conf`, `${[...nameservers, ...resolvConf].join('\n')}\n`);
  writeFileSync(`${directory}/hosts`, '127.0.0.1 localhost\n::1 localhost\n');
  writeFileSync(`${directory}/nsswitch.conf`, 'passwd: files\ngroup: files\nhosts: files dns\n');
}

/**
 * Writes the client's wg-quick file, `/etc/wireguard/<interface>.conf` there. Returns its path outside the
 * namespace.
 */
export function writeClientConfig(plan: Plan, peers: readonly ConfigPeer[]): string {
  const path = `${filesDirectory}/${plan.namespaces.client}/wireguard/${plan.interface}.conf`;
  const sections = plan.peers.map((peer, index) => {
    const given = peers[index] ?? {};
    const name = given.endpointName;
    const endpoint = name === undefined ? peer.endpoint : endpointOf(name, given.port ?? plan.port);
    return [
      '[Peer]',
      `PublicKey = ${peer.keys.publicKey}`,
      ...(peer.presharedKey === null ? [] : [`PresharedKey = ${peer.presharedKey}`]),
      `AllowedIPs = ${(given.allowedIps ?? peer.allowedIps).join(', ')}`,
      ...(endpoint === null ? [] : [`Endpoint = ${endpoint}`]),
      ...(plan.persistentKeepaliveS === null ? [] : [`PersistentKeepalive = ${plan.persistentKeepaliveS}`]),
    ];
  });
  const lines = [
    '[Interface]',
    `PrivateKey = ${plan.clientKeys.privateKey}`,
    `Address = ${plan.clientInner.join(', ')}`,
    ...(plan.fwmark === null ? [] : [`FwMark = ${plan.fwmark}`]),
    '',
    ...sections.flatMap((section) => [...section, '']),
  ];
  // Written anew, since the mode counts only when a file is made.
  rmSync(path, { force: true });
  writeFileSync(path, lines.join('\n'), { mode: 0o600 });
  return path;
}
