import { createResetHost, type ResetHost } from './host.ts';
import type { JournalEntry } from './journal.ts';
import type { PeerRecord } from './record.ts';
import { settlePeer } from './settlement.ts';

/** Where to look, and for whom. */
export interface RecoverRequest {
  readonly journalDirectory: string;
  /** The interface whose lock the caller holds; the files of others are left alone. */
  readonly interface: string;
  /** For one peer, as for `resetSession`. */
  readonly timeoutMs: number;
  /** Ends it between two peers. */
  readonly signal?: AbortSignal;
}

/** What became of one reset that had been cut off. `detail` is one sentence for the log, without secrets. */
export interface Recovery {
  /**
   * `complete`: the peer is as it was, nothing was written. `restored`: it was put back. `dropped`: nothing to be done
   * any more, since the interface is another one or somebody else changed the peer. `set-aside`: nothing was done, and a
   * person should look at the file. `unsettled`: not known yet; the file is still there, so ask again in a moment.
   */
  readonly kind: 'complete' | 'restored' | 'dropped' | 'set-aside' | 'unsettled';
  readonly peer: string;
  readonly detail: string;
}

/**
 * After this time a missing peer is not put back: somebody may have removed it on purpose since, and a revoked peer must
 * not return. A restarted service is back in seconds and a cron job each minute; five minutes let four of those fail.
 */
export const maxRecordAgeMs = 5 * 60_000;

/**
 * Ends what a reset began that was cut off: by a crash, or because `wg` hung. To be called under the interface's lock,
 * before anything is written to the interface, and again in a while as long as something is `unsettled`. Without a
 * journal, which is the rule, it reads one directory. Never throws; what it returns is in no order.
 */
export async function recoverResets(
  request: RecoverRequest,
  host: ResetHost = createResetHost(request.journalDirectory),
): Promise<readonly Recovery[]> {
  const recoveries: Recovery[] = [];
  for (const entry of await host.journal.list(request.interface)) {
    if (request.signal?.aborted) break;
    const recovery = await recoverOne(host, entry, request.timeoutMs);
    if (recovery !== null) recoveries.push(recovery);
  }
  return recoveries;
}

async function recoverOne(host: ResetHost, entry: JournalEntry, timeoutMs: number): Promise<Recovery | null> {
  const { file, peer } = entry;
  const content = await host.journal.read(file);
  if (content.kind === 'absent') return null;
  if (content.kind === 'unreadable') {
    return { kind: 'unsettled', peer, detail: `${file} cannot be read: ${content.detail}` };
  }
  if (content.kind === 'damaged') return setAside(host, entry, `${file} is damaged (${content.detail})`);
  const { record } = content;
  try {
    if (record.interface !== entry.interface || record.peer !== peer) {
      return await setAside(host, entry, `${file} is about another peer than its name says`);
    }
    return await recoverRecord(host, entry, record, timeoutMs);
  } finally {
    record.presharedKey?.fill(0);
  }
}

async function recoverRecord(
  host: ResetHost,
  entry: JournalEntry,
  record: PeerRecord,
  timeoutMs: number,
): Promise<Recovery> {
  const name = `the peer ${record.peer} of ${record.interface}`;
  const boot = await host.boot();
  if (boot === null) {
    return { kind: 'unsettled', peer: record.peer, detail: 'when this host was booted cannot be read' };
  }
  if (boot.id !== record.bootId) {
    return remove(host, entry, 'dropped', `a reset of ${name} was cut off before this host was booted`);
  }
  const ageMs = boot.ms - record.atBootMs;
  const mayPutBack = ageMs >= 0 && ageMs <= maxRecordAgeMs;
  const settled = await settlePeer(host, { record, timeoutMs, uncertain: true, mayPutBack });
  switch (settled.kind) {
    case 'complete': {
      const taken =
        settled.takenIps.length === 0 ? '' : `; another peer has now: ${settled.takenIps.join(', ')}`;
      return settled.putBack
        ? remove(
            host,
            entry,
            'restored',
            `a reset was cut off: ${name} was missing, wholly or in part, and was put back${taken}`,
          )
        : remove(host, entry, 'complete', `a reset was cut off: ${name} is there as before${taken}`);
    }
    case 'interface-gone':
      return remove(
        host,
        entry,
        'dropped',
        `a reset of ${name} was cut off, and the interface has been removed since`,
      );
    case 'changed': {
      const detail = `a reset of ${name} was cut off; somebody has changed its ${settled.what} since`;
      return settled.incomplete
        ? setAside(host, entry, `${detail}, and other settings of it are missing`)
        : remove(host, entry, 'dropped', `${detail}, so it is left as it is`);
    }
    case 'replaced':
      return setAside(
        host,
        entry,
        `a reset of ${name} was cut off, and other peers have its allowed IPs now`,
      );
    case 'missing':
      return setAside(
        host,
        entry,
        `a reset of ${name} was cut off ${Math.round(ageMs / 60_000)} minutes ago and the peer is missing; it may have been removed on purpose since`,
      );
    case 'unsettled':
      if (!mayPutBack)
        return setAside(host, entry, `a reset of ${name} was cut off long ago: ${settled.detail}`);
      return {
        kind: 'unsettled',
        peer: record.peer,
        detail: `a reset of ${name} was cut off: ${settled.detail}`,
      };
  }
}

async function remove(
  host: ResetHost,
  entry: JournalEntry,
  kind: Recovery['kind'],
  detail: string,
): Promise<Recovery> {
  const removed = await host.journal.remove(entry.file);
  const left = removed.kind === 'ok' ? '' : `; ${entry.file} cannot be removed: ${removed.detail}`;
  return { kind, peer: entry.peer, detail: `${detail}${left}` };
}

async function setAside(host: ResetHost, entry: JournalEntry, why: string): Promise<Recovery> {
  const moved = await host.journal.setAside(entry.file);
  const where = 'movedTo' in moved ? `it is kept as ${moved.movedTo}` : `${entry.file} cannot be renamed`;
  return { kind: 'set-aside', peer: entry.peer, detail: `${why}; nothing was put back, ${where}` };
}
