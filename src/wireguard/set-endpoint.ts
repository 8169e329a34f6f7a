import { type PeerCounters, readCounters } from './counters.ts';
import { type Endpoint, formatEndpoint, parseEndpoint, sameEndpoint } from './endpoint.ts';
import { parseAllowedIps } from './facts.ts';
import type { WgFailure } from './failure.ts';
import { parsePublicKey } from './key.ts';
import { parsePeerTable, setPeer, showField, type WgOptions } from './tool.ts';

/** One change of a peer's endpoint. */
export interface SetEndpointRequest {
  readonly interface: string;
  /** The peer's public key. */
  readonly peer: string;
  readonly endpoint: Endpoint;
  /** For the whole call, but for the look at what was written: that has at least `afterWriteMs`. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A read of `wg` takes 3 ms; a second is for a host that swaps. A write that created a peer must be seen. */
const afterWriteMs = 1000;

/** What became of it, as read back from the interface. */
export type SetEndpointResult =
  | { readonly kind: 'set'; readonly readBack: PeerCounters }
  /** Another endpoint was read back: an authenticated packet moved it, so the old path is alive. */
  | { readonly kind: 'reverted'; readonly readBack: PeerCounters }
  /**
   * The interface does not have the peer. `removed` is true if our own write had created it again and it was
   * taken away at once; `detail` is set when taking it away failed.
   */
  | { readonly kind: 'peer-gone'; readonly removed: boolean; readonly detail?: string }
  | WgFailure;

/**
 * Sets a peer's endpoint to a literal address and reads it back. Sends nothing by itself.
 *
 * `wg set` on a key that the interface does not have creates that peer, perhaps one that was just revoked.
 * So the peer is read before and after: an absent one is left absent, and one that vanished in between and
 * was created again by our write is removed. After `timed-out` the write may still take effect later.
 *
 * Never to be called for an interface served by boringtun (see `readImplementation`).
 */
export async function setEndpoint(request: SetEndpointRequest): Promise<SetEndpointResult> {
  const text = formatEndpoint(request.endpoint);
  // `wg` would resolve a name, for minutes; and nothing that is no key may become an argument.
  if (parseEndpoint(text) === null) return { kind: 'failed', detail: `${text} is not a literal endpoint` };
  const key = parsePublicKey(request.peer);
  if (key.kind === 'invalid') return { kind: 'failed', detail: `not a public key: ${key.reason}` };

  const deadlineMs = performance.now() + request.timeoutMs;
  const remainingMs = (): number => Math.max(1, Math.round(deadlineMs - performance.now()));
  const beforeWrite = (): WgOptions => ({
    timeoutMs: remainingMs(),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  // Once something may have been written, looking at it matters more than the deadline or an abort.
  const afterWrite = (): WgOptions => ({ timeoutMs: Math.max(remainingMs(), afterWriteMs) });

  const before = await readPeer(request, beforeWrite());
  if (before.kind !== 'ok') return before;
  const written = await setPeer(request.interface, request.peer, ['endpoint', text], beforeWrite());
  const after = await readPeer(request, afterWrite());
  if (after.kind === 'ok' && wasRecreated(before, after)) return removeAgain(request, afterWrite());
  if (written.kind !== 'ok') return written;
  if (after.kind !== 'ok') return after;

  const readBack = after.counters;
  const same = readBack.endpoint !== null && sameEndpoint(readBack.endpoint, request.endpoint);
  return { kind: same ? 'set' : 'reverted', readBack };
}

/** One peer as far as it matters for telling an old peer from a new one of the same key. */
export interface PeerSnapshot {
  readonly counters: PeerCounters;
  readonly allowedIps: readonly string[];
}

/**
 * Whether the peer read after our write is one that the write created: nothing is configured for it, and its
 * counters began anew. Not the counters alone, since a far side may already have shaken hands with it; not
 * the missing allowed IPs alone, since somebody may have taken them away from a peer that stays.
 * A peer that had neither allowed IPs nor traffic before cannot be told apart, and is left.
 */
export function wasRecreated(before: PeerSnapshot, after: PeerSnapshot): boolean {
  if (after.allowedIps.length > 0) return false;
  const { rxBytes, txBytes, latestHandshakeS } = before.counters;
  const hadNoTraffic = rxBytes === 0 && txBytes === 0 && latestHandshakeS === 0;
  if (hadNoTraffic) return before.allowedIps.length > 0;
  return (
    after.counters.rxBytes < rxBytes ||
    after.counters.txBytes < txBytes ||
    after.counters.latestHandshakeS < latestHandshakeS
  );
}

async function readPeer(
  request: SetEndpointRequest,
  options: WgOptions,
): Promise<
  ({ readonly kind: 'ok' } & PeerSnapshot) | Extract<SetEndpointResult, { kind: 'peer-gone' }> | WgFailure
> {
  const [counters, allowedIps] = await Promise.all([
    readCounters(request.interface, options),
    showField(request.interface, 'allowed-ips', options),
  ]);
  if (counters.kind !== 'ok') return counters;
  if (allowedIps.kind !== 'ok') return allowedIps;
  const table = parsePeerTable('allowed-ips', allowedIps.stdout);
  if (table.kind !== 'ok') return table;
  const peer = counters.peers.get(request.peer);
  const list = table.rows.get(request.peer)?.[0];
  if (peer === undefined || list === undefined) return { kind: 'peer-gone', removed: false };
  return { kind: 'ok', counters: peer, allowedIps: parseAllowedIps(list) };
}

async function removeAgain(request: SetEndpointRequest, options: WgOptions): Promise<SetEndpointResult> {
  const removed = await setPeer(request.interface, request.peer, ['remove'], options);
  if (removed.kind === 'ok') return { kind: 'peer-gone', removed: true };
  return {
    kind: 'peer-gone',
    removed: false,
    detail: `the peer ${request.peer} was removed by somebody while its endpoint was being set, which created it again; taking it away failed, remove it by hand: ${removed.detail}`,
  };
}
