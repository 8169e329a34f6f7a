import type { PeerCounters } from '../counters.ts';
import { type Endpoint, formatEndpoint, parseEndpoint, sameEndpoint } from '../endpoint.ts';
import { parsePublicKey } from '../key.ts';
import type { WgOptions } from '../tool.ts';
import { compareToRecord } from './comparison.ts';
import { createResetHost, type ResetHost } from './host.ts';
import { maxMessageBytes, resetMessageBytes } from './message-size.ts';
import type { PeerRecord } from './record.ts';
import { type Settlement, settlePeer } from './settlement.ts';

/** One reset of the session with one peer. */
export interface ResetRequest {
  readonly interface: string;
  /** The peer's public key. */
  readonly peer: string;
  /** Where the peer was proven to be. */
  readonly endpoint: Endpoint;
  /** The runtime directory; see `createJournal`. */
  readonly journalDirectory: string;
  /** For the whole call, but for the look at what was written, which takes what it needs: up to 3 s and two calls. */
  readonly timeoutMs: number;
  /** Heeded until the write begins. */
  readonly signal?: AbortSignal;
}

/** Why a reset was not tried. Nothing was written to the interface. */
export type RefusalReason =
  /** The peer does not fit one netlink message, so that it would be there in part only for a moment. */
  | 'too-many-allowed-ips'
  | 'boringtun'
  | 'unknown-implementation'
  /** The peer, the interface's number or the running kernel could not be read. */
  | 'unreadable'
  /** The journal could not be written. */
  | 'no-journal'
  /** The journal has this peer from before: `recoverResets` comes first. */
  | 'unsettled'
  /** Another peer would lose allowed IPs, or somebody is changing the peer right now. */
  | 'changing';

/** What became of it. `detail` is one sentence for people, without secrets. */
export type ResetResult =
  /** The session is new, and the peer is as before. The endpoint read back may be another one: it has roamed since. */
  | {
      readonly kind: 'reset';
      readonly readBack: PeerCounters;
      /** True if the peer had to be put back, wholly or in part. */
      readonly putBack: boolean;
      /** Set if something is not quite as before: allowed IPs that somebody gave to another peer meanwhile. */
      readonly detail?: string;
    }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string }
  /** The interface does not have the peer. Nothing was written. */
  | { readonly kind: 'peer-gone'; readonly detail: string }
  /**
   * `intact`: the session is the old one and the peer as before. `changed`: somebody else changed or replaced the peer
   * meanwhile, which was left alone. `interface-gone`: with all its peers. `unsettled`: not known, or the peer could not
   * be put back yet; the journal has it, and `recoverResets` must be called again until it says otherwise.
   */
  | {
      readonly kind: 'failed';
      readonly peer: 'intact' | 'changed' | 'interface-gone' | 'unsettled';
      readonly detail: string;
    };

/** Less than this before the write, and `wg` might be killed in the middle of it on a busy host. */
const leastWriteMs = 500;

/**
 * Ends the session with one peer by removing and adding it again in one call of `wg`, with all its parameters, so that
 * the interface shakes hands at the next packet instead of after its own waiting times. Sends nothing by itself, unless
 * the peer has a persistent keepalive.
 *
 * The caller holds the interface's lock (`acquireLock`) and has a proof that the peer is at `endpoint`. The peer is read
 * twice, the second time right before the write, and an absent one is left absent; one that somebody removes within the
 * few milliseconds in which `wg` starts would come back, which `wg` has no means to prevent. It is journalled before,
 * and read back after: whatever became of `wg`, it is put back if it is not as before.
 *
 * Whoever resets more than once keeps one `host`, which remembers who serves an interface.
 */
export async function resetSession(
  request: ResetRequest,
  host: ResetHost = createResetHost(request.journalDirectory),
): Promise<ResetResult> {
  const text = formatEndpoint(request.endpoint);
  if (parseEndpoint(text) === null) return intact(`${text} is not a literal endpoint`);
  const key = parsePublicKey(request.peer);
  if (key.kind === 'invalid') return intact(`not a public key: ${key.reason}`);

  const deadlineMs = performance.now() + request.timeoutMs;
  const remainingMs = (): number => Math.round(deadlineMs - performance.now());
  const beforeWrite = (): WgOptions => ({
    timeoutMs: Math.max(1, remainingMs()),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });

  const implementation = await host.implementation(request.interface);
  if (implementation !== 'known') return refusedImplementation(request.interface, implementation);
  const file = host.journal.fileOf(request.interface, request.peer);
  // Asked first: the peer of a reset that was cut off may be missing, which is not to be taken for removed.
  if (await isJournalled(host, file)) {
    const detail = `an earlier reset of this peer was cut off; it is recorded in ${file}`;
    return { kind: 'refused', reason: 'unsettled', detail };
  }
  const first = await readRecord(host, request, beforeWrite());
  if (first.kind !== 'ok') return first;
  const { record, before } = first;
  try {
    const size = resetMessageBytes(record.allowedIps);
    if (size > maxMessageBytes) {
      const detail = `the peer has ${record.allowedIps.length} allowed IPs, too many to be written at once`;
      return { kind: 'refused', reason: 'too-many-allowed-ips', detail };
    }
    const written = await host.journal.write(record);
    if (written.kind !== 'ok') {
      // It may be there all the same, if only making it durable failed.
      await host.journal.remove(file);
      return {
        kind: 'refused',
        reason: 'no-journal',
        detail: `${file} cannot be written: ${written.detail}`,
      };
    }
    const hindrance = await findHindrance(host, record, beforeWrite());
    const late = request.signal?.aborted === true || remainingMs() < leastWriteMs;
    if (hindrance !== null || late) {
      await host.journal.remove(file);
      return hindrance ?? intact('there was no time left for the reset');
    }
    return await renew(host, record, before, remainingMs());
  } finally {
    record.presharedKey?.fill(0);
  }
}

async function isJournalled(host: ResetHost, file: string): Promise<boolean> {
  const content = await host.journal.read(file);
  if (content.kind === 'ok') content.record.presharedKey?.fill(0);
  return content.kind !== 'absent';
}

async function renew(
  host: ResetHost,
  record: PeerRecord,
  before: PeerCounters,
  timeoutMs: number,
): Promise<ResetResult> {
  const deadlineMs = performance.now() + timeoutMs;
  const written = await host.writePeer(
    { record, mode: 'renew', allowedIps: record.allowedIps, withEndpoint: true },
    { timeoutMs },
  );
  const settled = await settlePeer(host, {
    record,
    timeoutMs: deadlineMs - performance.now(),
    uncertain: written.kind !== 'ok',
    mayPutBack: true,
  });
  const file = host.journal.fileOf(record.interface, record.peer);
  if (settled.kind === 'changed' && settled.incomplete) await host.journal.setAside(file);
  else if (settled.kind !== 'unsettled') await host.journal.remove(file);
  const failure = written.kind === 'ok' ? '' : `${written.detail}; `;
  if (settled.kind !== 'complete') {
    return { kind: 'failed', peer: stateOf(settled), detail: `${failure}${detailOf(settled, record)}` };
  }
  const { readBack, putBack, takenIps } = settled;
  if (written.kind !== 'ok' && !putBack && !isNewer(before, readBack, record.endpoint))
    return intact(written.detail);
  const taken = `another peer has now: ${takenIps.join(', ')}`;
  return { kind: 'reset', readBack, putBack, ...(takenIps.length === 0 ? {} : { detail: taken }) };
}

/** Whether these are the counters of a peer that was added anew. */
function isNewer(before: PeerCounters, after: PeerCounters, endpoint: Endpoint): boolean {
  const isAt = ({ endpoint: at }: PeerCounters): boolean => at !== null && sameEndpoint(at, endpoint);
  return (
    after.rxBytes < before.rxBytes ||
    after.txBytes < before.txBytes ||
    after.latestHandshakeS < before.latestHandshakeS ||
    (isAt(after) && !isAt(before))
  );
}

async function readRecord(
  host: ResetHost,
  request: ResetRequest,
  options: WgOptions,
): Promise<
  | { readonly kind: 'ok'; readonly record: PeerRecord; readonly before: PeerCounters }
  | Exclude<ResetResult, { kind: 'reset' }>
> {
  const unreadable = (detail: string) => ({ kind: 'refused', reason: 'unreadable', detail }) as const;
  const boot = await host.boot();
  if (boot === null) return unreadable('when this host was booted cannot be read');
  const which = await host.whichInterface(request.interface);
  if (which.kind === 'unknown') return unreadable(`${request.interface} seems to be down`);
  const gone = {
    kind: 'failed',
    peer: 'interface-gone',
    detail: `there is no interface ${request.interface}`,
  } as const;
  if (which.kind === 'absent') return gone;
  const dump = await host.readDump(request.interface, options);
  if (dump.kind === 'no-such-interface') return gone;
  if (dump.kind !== 'ok') return unreadable(dump.detail);
  try {
    const peer = dump.peers.get(request.peer);
    if (peer === undefined) return peerGone(request);
    const { endpoint, rxBytes, txBytes, latestHandshakeS } = peer;
    const record = {
      interface: request.interface,
      interfaceIndex: which.index,
      bootId: boot.id,
      atBootMs: boot.ms,
      peer: request.peer,
      endpoint: request.endpoint,
      allowedIps: peer.allowedIps,
      persistentKeepaliveS: peer.persistentKeepaliveS,
      presharedKey: peer.presharedKey === null ? null : Buffer.from(peer.presharedKey),
    };
    return { kind: 'ok', record, before: { endpoint, rxBytes, txBytes, latestHandshakeS } };
  } finally {
    dump.wipe();
  }
}

/** The last look before the write: null if the interface and the peer are still as recorded. */
async function findHindrance(
  host: ResetHost,
  record: PeerRecord,
  options: WgOptions,
): Promise<Exclude<ResetResult, { kind: 'reset' }> | null> {
  const refuse = (reason: RefusalReason, detail: string) => ({ kind: 'refused', reason, detail }) as const;
  const which = await host.whichInterface(record.interface);
  if (which.kind !== 'present' || which.index !== record.interfaceIndex) {
    return { kind: 'failed', peer: 'interface-gone', detail: `${record.interface} has just been removed` };
  }
  const dump = await host.readDump(record.interface, options);
  if (dump.kind !== 'ok') return refuse('unreadable', dump.detail);
  try {
    const comparison = compareToRecord(record, dump);
    const peer = dump.peers.get(record.peer);
    if (peer === undefined) return peerGone(record);
    const nowhere = comparison.kind === 'partial' && peer.endpoint === null;
    const same = comparison.kind === 'complete' || nowhere;
    const whole = peer.allowedIps.length === record.allowedIps.length;
    if (same && whole && comparison.takenIps.length === 0) return null;
    return refuse('changing', `somebody is changing the peer ${record.peer} or its allowed IPs right now`);
  } finally {
    dump.wipe();
  }
}

function stateOf(
  settled: Exclude<Settlement, { kind: 'complete' }>,
): 'changed' | 'interface-gone' | 'unsettled' {
  if (settled.kind === 'interface-gone' || settled.kind === 'unsettled') return settled.kind;
  return 'changed';
}

function detailOf(settled: Exclude<Settlement, { kind: 'complete' }>, record: PeerRecord): string {
  switch (settled.kind) {
    case 'interface-gone':
      return `${record.interface} has been removed meanwhile`;
    case 'unsettled':
      return `the peer ${record.peer} may be missing on ${record.interface} and will be put back: ${settled.detail}`;
    case 'changed':
      return settled.incomplete
        ? `somebody else has changed the ${settled.what} of the peer ${record.peer} meanwhile, and other settings of it are missing; the journal directory has a file '….aside' with all of them`
        : `somebody else has changed the ${settled.what} of the peer ${record.peer} meanwhile`;
    default:
      return `somebody else has replaced the peer ${record.peer} meanwhile`;
  }
}

function refusedImplementation(name: string, implementation: 'boringtun' | 'unknown'): ResetResult {
  return implementation === 'boringtun'
    ? {
        kind: 'refused',
        reason: 'boringtun',
        detail: `${name} is served by boringtun, which cannot renew a peer in one step`,
      }
    : {
        kind: 'refused',
        reason: 'unknown-implementation',
        detail: `what serves ${name} is not known, so a reset may not be safe`,
      };
}

function peerGone(of: {
  readonly interface: string;
  readonly peer: string;
}): ResetResult & { kind: 'peer-gone' } {
  return { kind: 'peer-gone', detail: `${of.interface} does not have the peer ${of.peer} any more` };
}

function intact(detail: string): ResetResult & { kind: 'failed' } {
  return { kind: 'failed', peer: 'intact', detail };
}
