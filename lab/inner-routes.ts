import ipaddr from 'ipaddr.js';
import { mustRun } from './command.ts';
import type { Namespace } from './namespace.ts';
import type { Plan } from './plan.ts';
import { familyOf } from './plan.ts';

/**
 * Makes the routes that wg-quick would make for the AllowedIPs of all peers; for a full tunnel also its
 * rules.
 */
export async function addInnerRoutes(client: Namespace, plan: Plan): Promise<void> {
  const { fwmark } = plan;
  const networks = [...new Set(plan.peers.flatMap((peer) => peer.allowedIps.map(networkOf)))];
  const table = (network: string) => (fwmark !== null && network.endsWith('/0') ? ` table ${fwmark}` : '');
  await client.ip(
    networks.map((network) => `route replace ${network} dev ${plan.interface}${table(network)}`),
  );
  if (fwmark !== null) await fullTunnelRules(client, fwmark);
}

/**
 * The rules of `wg-quick up` for AllowedIPs 0.0.0.0/0 and ::/0, in its order (each new rule goes ahead of
 * the last): everything without the mark into the tunnel, but what main knows better than by its default
 * route stays there.
 */
async function fullTunnelRules(client: Namespace, fwmark: number): Promise<void> {
  const rules = [`not fwmark ${fwmark} table ${fwmark}`, 'table main suppress_prefixlength 0'];
  const lines = rules.map((rule) => `rule add ${rule}`);
  for (const family of [4, 6] as const) {
    // A second time, after the interface was made anew, the rules are still there.
    const existing = await mustRun(['ip', '-n', client.name, `-${family}`, 'rule', 'show']);
    if (!existing.includes('suppress_prefixlength 0')) await client.ip(lines, family);
  }
  await setSysctl(client, 'net/ipv4/conf/all/src_valid_mark', '1');
}

/**
 * Writes a setting of a namespace, by `tee`, which every machine has. The name is its path below /proc/sys.
 */
export async function setSysctl(namespace: Namespace, name: string, value: string): Promise<void> {
  const result = await namespace.exec(['tee', `/proc/sys/${name}`], { input: value });
  if (result.code !== 0) throw new Error(`Cannot set ${name} to ${value}: ${result.stderr.trim()}`);
}

/** A network as the kernel takes it for a route: the bits behind the prefix are zero. */
function networkOf(allowed: string): string {
  const [address, bits] = allowed.split('/');
  if (bits === undefined) return `${address}/${familyOf(allowed) === 4 ? 32 : 128}`;
  const parser = familyOf(allowed) === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${parser.networkAddressFromCIDR(allowed).toString()}/${bits}`;
}
