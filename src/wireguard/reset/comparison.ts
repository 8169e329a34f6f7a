import type { Dump } from '../dump.ts';
import type { PeerRecord } from './record.ts';

/** How an interface's peer looks beside its record. */
export type Comparison =
  /** Everything is there. `takenIps`: allowed IPs that another peer has now, which is not ours to take back. */
  | { readonly kind: 'complete'; readonly takenIps: readonly string[] }
  /** It is not there, or a part of it is missing: what a write that was cut off leaves. */
  | { readonly kind: 'missing' | 'partial'; readonly takenIps: readonly string[] }
  /**
   * Something is set that the record does not have: another hand was here. `what` names it, without secrets;
   * `incomplete` if something else, or its former value, is missing, so that a person should look.
   */
  | { readonly kind: 'changed'; readonly what: string; readonly incomplete: boolean }
  /** It is not there, and other peers have all its allowed IPs: somebody put another peer in its place. */
  | { readonly kind: 'replaced' };

/**
 * Compares a peer with its record: preshared key, allowed IPs, persistent keepalive, and that it has an endpoint at all.
 * Which endpoint does not count, since the peer may have roamed.
 */
export function compareToRecord(record: PeerRecord, dump: Dump): Comparison {
  const takenIps = ipsOfOthers(record, dump);
  const peer = dump.peers.get(record.peer);
  if (peer === undefined) {
    const replaced = takenIps.length > 0 && takenIps.length === record.allowedIps.length;
    return replaced ? { kind: 'replaced' } : { kind: 'missing', takenIps };
  }
  const recorded = new Set(record.allowedIps);
  const present = new Set([...peer.allowedIps, ...takenIps]);
  const keyLost = peer.presharedKey === null && record.presharedKey !== null;
  const keepaliveLost = peer.persistentKeepaliveS === 0 && record.persistentKeepaliveS !== 0;
  const ipsLost = record.allowedIps.some((prefix) => !present.has(prefix));
  const incomplete = keyLost || keepaliveLost || ipsLost || peer.endpoint === null;

  const others = [
    ...(keyLost || sameKey(peer.presharedKey, record.presharedKey) ? [] : ['preshared key']),
    ...(peer.allowedIps.every((prefix) => recorded.has(prefix)) ? [] : ['allowed IPs']),
    ...(keepaliveLost || peer.persistentKeepaliveS === record.persistentKeepaliveS
      ? []
      : ['persistent keepalive']),
  ];
  if (others.length > 0) return { kind: 'changed', what: others.join(' and the '), incomplete };
  return { kind: incomplete ? 'partial' : 'complete', takenIps };
}

/** Those of the recorded allowed IPs that another peer has. Setting them would take them from it. */
function ipsOfOthers(record: PeerRecord, dump: Dump): string[] {
  const recorded = new Set(record.allowedIps);
  return [...dump.peers]
    .filter(([key]) => key !== record.peer)
    .flatMap(([, peer]) => peer.allowedIps.filter((prefix) => recorded.has(prefix)));
}

function sameKey(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}
