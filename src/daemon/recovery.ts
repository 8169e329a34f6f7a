import { readdir } from 'node:fs/promises';
import { acquireLock } from '../host/lock.ts';
import { listInterfaces } from '../wireguard/interfaces.ts';
import { createJournal } from '../wireguard/reset/journal.ts';
import { recoverResets } from '../wireguard/reset/recover-resets.ts';
import type { Log } from './log.ts';

const toolTimeoutMs = 5_000;

/**
 * Puts back peers that a process of ours had removed for a moment when it died. To be called before anything is decided
 * from what interfaces have, and again as long as it says false: something could not be settled yet.
 */
export async function recoverPeers(runtimeDirectory: string, log: Log): Promise<boolean> {
  // The rule: there is none, and nothing is asked or locked.
  const files = await readdir(runtimeDirectory).catch(() => []);
  if (!files.some((file) => file.startsWith('reset-'))) return true;
  const journal = createJournal(runtimeDirectory);
  const { names, failure } = await listInterfaces({ timeoutMs: toolTimeoutMs });
  let settled = failure === null;
  for (const name of names) {
    if ((await journal.list(name)).length === 0) continue;
    const lock = await acquireLock(runtimeDirectory, name, { timeoutMs: 0 });
    if (lock.kind !== 'locked') {
      settled = false;
      continue;
    }
    const request = { journalDirectory: runtimeDirectory, interface: name, timeoutMs: toolTimeoutMs };
    const recoveries = await recoverResets(request).finally(() => lock.release());
    for (const { kind, peer, detail } of recoveries) {
      const say = kind === 'complete' ? log.info : log.warning;
      say('session-recovered', { interface: name, publicKey: peer, message: detail, outcome: kind });
      if (kind === 'unsettled') settled = false;
    }
  }
  return settled;
}
