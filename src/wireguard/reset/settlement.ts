import type { PeerCounters } from '../counters.ts';
import type { WgOptions } from '../tool.ts';
import { compareToRecord } from './comparison.ts';
import type { ResetHost } from './host.ts';
import type { PeerRecord } from './record.ts';

/** Which peer is to be as recorded, and what may be done for it. */
export interface SettlementRequest {
  readonly record: PeerRecord;
  /** For all of it, but each call of `wg` has at least a second, and there are at least two looks. */
  readonly timeoutMs: number;
  /** True if a write may still be under way, so that one look at a whole peer is not enough. */
  readonly uncertain: boolean;
  /** False: look only, put nothing back. */
  readonly mayPutBack: boolean;
}

/** How the peer was left. */
export type Settlement =
  /** It is as recorded; but for `takenIps`, allowed IPs that another peer has now. */
  | {
      readonly kind: 'complete';
      readonly readBack: PeerCounters;
      readonly putBack: boolean;
      readonly takenIps: readonly string[];
    }
  /** Somebody else changed it, which was left alone, also where something of it is missing (`incomplete`). */
  | { readonly kind: 'changed'; readonly what: string; readonly incomplete: boolean }
  /** Somebody gave all its allowed IPs to other peers and took it away, which was left alone. */
  | { readonly kind: 'replaced' }
  /** The interface is gone, or another one has its name. */
  | { readonly kind: 'interface-gone' }
  /** It is missing, wholly or in part, and was not to be put back. */
  | { readonly kind: 'missing' }
  /** Not known, or it could not be put back yet: try again later. */
  | { readonly kind: 'unsettled'; readonly detail: string };

/** Waits before the looks; a look that shows a missing peer costs a write and no waiting. Together 3 s. */
const waitsMs = [0, 50, 150, 300, 500, 1_000, 1_000];
/** A write whose `wg` was killed takes effect when the kernel or the userspace process gets round to it, or never. */
const calmMs = 300;
/** `wg` takes 3 ms; a second is for a host that swaps. What was written must be looked at. */
const leastCallMs = 1_000;

/**
 * Looks at the peer until it is as recorded, and puts it back where it is missing, wholly or in part. Never adds to what
 * somebody else changed, never takes allowed IPs from another peer, never writes to another interface of the same name;
 * as far as a look right before each write can tell, since `wg` knows interfaces by name only.
 */
export async function settlePeer(host: ResetHost, request: SettlementRequest): Promise<Settlement> {
  const { record } = request;
  const deadlineMs = performance.now() + request.timeoutMs;
  const limit = (): WgOptions => ({
    timeoutMs: Math.max(leastCallMs, Math.round(deadlineMs - performance.now())),
  });
  let calm = !request.uncertain;
  let putBack = false;
  let detail = 'there was no time to look';

  for (const [look, waitMs] of waitsMs.entries()) {
    if (look >= 2 && performance.now() > deadlineMs) break;
    if (waitMs > 0) await host.sleep(waitMs);
    const found = await lookAtPeer(host, record, limit());
    if (found.kind === 'unknown') {
      detail = found.detail;
      continue;
    }
    if (found.kind === 'complete' && !calm) {
      await host.sleep(calmMs);
      calm = true;
      const again = await lookAtPeer(host, record, limit());
      if (again.kind === 'complete') return { ...again, putBack };
      detail = 'the peer changed while it was looked at';
      continue;
    }
    if (found.kind === 'complete') return { ...found, putBack };
    if (found.kind !== 'missing') return found;
    if (!request.mayPutBack) return { kind: 'missing' };
    const written = await host.writePeer(
      {
        record,
        mode: 'put-back',
        allowedIps: record.allowedIps.filter((prefix) => !found.takenIps.includes(prefix)),
        withEndpoint: !found.hasEndpoint,
      },
      limit(),
    );
    putBack = true;
    if (written.kind === 'ok') detail = 'the peer was put back and is not there';
    else {
      detail = written.detail;
      calm = false;
    }
  }
  return { kind: 'unsettled', detail };
}

type Look =
  | Omit<Extract<Settlement, { kind: 'complete' }>, 'putBack'>
  | Extract<Settlement, { kind: 'changed' | 'replaced' | 'interface-gone' }>
  | { readonly kind: 'missing'; readonly takenIps: readonly string[]; readonly hasEndpoint: boolean }
  | { readonly kind: 'unknown'; readonly detail: string };

async function lookAtPeer(host: ResetHost, record: PeerRecord, options: WgOptions): Promise<Look> {
  const which = await host.whichInterface(record.interface);
  if (which.kind === 'absent') return { kind: 'interface-gone' };
  if (which.kind === 'unknown') {
    return { kind: 'unknown', detail: `whether ${record.interface} is the same interface cannot be told` };
  }
  if (which.index !== record.interfaceIndex) return { kind: 'interface-gone' };
  const dump = await host.readDump(record.interface, options);
  if (dump.kind !== 'ok') return { kind: 'unknown', detail: dump.detail };
  try {
    const comparison = compareToRecord(record, dump);
    const peer = dump.peers.get(record.peer);
    if (comparison.kind === 'changed' || comparison.kind === 'replaced') return comparison;
    const { takenIps } = comparison;
    if (comparison.kind !== 'complete' || peer === undefined) {
      return { kind: 'missing', takenIps, hasEndpoint: peer !== undefined && peer.endpoint !== null };
    }
    const { endpoint, rxBytes, txBytes, latestHandshakeS } = peer;
    return { kind: 'complete', takenIps, readBack: { endpoint, rxBytes, txBytes, latestHandshakeS } };
  } finally {
    dump.wipe();
  }
}
