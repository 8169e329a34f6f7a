import type { WgFailure } from './failure.ts';
import { absenceOf, parsePeerTable, showField, unexpected, type WgOptions } from './tool.ts';

/** The settings of one peer that change only when somebody edits them. */
export interface PeerFacts {
  /** As the interface has them now: masked, `172.25.1.0/24`. In the order `wg` prints. */
  readonly allowedIps: readonly string[];
  /** 0 if off. */
  readonly persistentKeepaliveS: number;
}

/** The settings of an interface that change only when somebody edits them. */
export interface InterfaceFacts {
  readonly kind: 'ok';
  /** The mark of the tunnel's own packets; 0 if off. */
  readonly fwMark: number;
  /** 0 while the interface has never been up. */
  readonly listenPort: number;
  /** By public key. */
  readonly peers: ReadonlyMap<string, PeerFacts>;
}

/** Whether two readings say the same, peer by peer and in the same order. */
export function sameFacts(a: InterfaceFacts, b: InterfaceFacts): boolean {
  if (a.fwMark !== b.fwMark || a.listenPort !== b.listenPort || a.peers.size !== b.peers.size) return false;
  for (const [key, peer] of a.peers) {
    const other = b.peers.get(key);
    if (other?.persistentKeepaliveS !== peer.persistentKeepaliveS) return false;
    if (other.allowedIps.length !== peer.allowedIps.length) return false;
    if (other.allowedIps.some((prefix, index) => prefix !== peer.allowedIps[index])) return false;
  }
  return true;
}

/**
 * Reads the settings of an interface of our own network namespace with four calls of `wg` at once.
 *
 * The calls do not see one instant: a peer that was removed or added between them is left out.
 */
export async function readFacts(
  interfaceName: string,
  options: WgOptions,
): Promise<InterfaceFacts | WgFailure> {
  const absence = await absenceOf(interfaceName);
  if (absence !== null) return absence;
  const [mark, port, allowedIps, keepalive] = await Promise.all([
    showField(interfaceName, 'fwmark', options),
    showField(interfaceName, 'listen-port', options),
    showField(interfaceName, 'allowed-ips', options),
    showField(interfaceName, 'persistent-keepalive', options),
  ]);
  if (mark.kind !== 'ok') return mark;
  if (port.kind !== 'ok') return port;
  if (allowedIps.kind !== 'ok') return allowedIps;
  if (keepalive.kind !== 'ok') return keepalive;

  const fwMark = parseNumberOrOff(mark.stdout);
  if (fwMark === null) return unexpected('fwmark', mark.stdout);
  const listenPort = parseNumberOrOff(port.stdout);
  if (listenPort === null) return unexpected('listen-port', port.stdout);
  const peers = parsePeerFacts(allowedIps.stdout, keepalive.stdout);
  return peers.kind === 'ok' ? { kind: 'ok', fwMark, listenPort, peers: peers.peers } : peers;
}

/** Puts the outputs for `allowed-ips` and `persistent-keepalive` together, by key. */
export function parsePeerFacts(
  allowedIpsOutput: string,
  keepaliveOutput: string,
): { readonly kind: 'ok'; readonly peers: ReadonlyMap<string, PeerFacts> } | WgFailure {
  const allowedIps = parsePeerTable('allowed-ips', allowedIpsOutput);
  if (allowedIps.kind !== 'ok') return allowedIps;
  const keepalives = parsePeerTable('persistent-keepalive', keepaliveOutput);
  if (keepalives.kind !== 'ok') return keepalives;
  const peers = new Map<string, PeerFacts>();
  for (const [key, [list = '']] of allowedIps.rows) {
    const keepalive = keepalives.rows.get(key)?.[0];
    if (keepalive === undefined) continue;
    const persistentKeepaliveS = parseNumberOrOff(keepalive);
    if (persistentKeepaliveS === null) return unexpected('persistent-keepalive', keepalive);
    peers.set(key, { allowedIps: parseAllowedIps(list), persistentKeepaliveS });
  }
  return { kind: 'ok', peers };
}

/** The allowed IPs of one peer as `wg` prints them: separated by spaces, or `(none)`. */
export function parseAllowedIps(text: string): readonly string[] {
  return text === '(none)' ? [] : text.split(' ').filter((part) => part !== '');
}

/** `off` is 0; decimal and `0x` numbers of at most 32 bits; null for anything else. */
export function parseNumberOrOff(text: string): number | null {
  const word = text.trim();
  if (word === 'off') return 0;
  if (!/^(0x[0-9a-f]{1,8}|[0-9]{1,10})$/i.test(word)) return null;
  const number = Number(word);
  return number <= 0xffff_ffff ? number : null;
}
