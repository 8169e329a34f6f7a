import { join } from 'node:path';
import { askDaemon } from '../daemon/control-client.ts';
import { controlSocket } from '../daemon/control-protocol.ts';
import { parseNews, parseResults } from '../daemon/one-shot-reply.ts';
import type { OneShotRequest } from '../daemon/one-shot-request.ts';
import { type RepairInterfaceRequest, repairInterface } from '../oneshot/repair-interface.ts';
import type { PeerRequest, PeerResult } from '../oneshot/request.ts';
import { version } from './version.ts';

/** The daemon ends this much earlier than we must, so that its answer still comes. */
const answerMs = 500;

/**
 * Looks after peers of one interface; a daemon that keeps the interface does it for us, since its lock is never free.
 * A dry run writes nothing and needs nobody. Never rejects for anything that can happen on a host.
 */
export async function repairOrAsk(request: RepairInterfaceRequest): Promise<PeerResult[]> {
  const asked = request.run.dryRun ? null : await askFor(request);
  return asked ?? repairInterface(request);
}

/** Null where there is no daemon, or none that keeps this interface. */
async function askFor({
  interface: name,
  peers,
  run,
  report,
  signal,
}: RepairInterfaceRequest): Promise<PeerResult[] | null> {
  const leftMs = Math.max(1, run.endMs - performance.now());
  const oneShot: OneShotRequest = {
    version: version(),
    probe: run.probe,
    timeoutMs: Math.max(1, Math.round(leftMs - answerMs)),
    peers: peers.map(toPeer),
  };
  const answer = await askDaemon(
    join(run.runtimeDirectory, controlSocket),
    { command: 'one-shot', interface: name, oneShot },
    {
      timeoutMs: leftMs,
      signal,
      onProgress(text) {
        const news = parseNews(text);
        if (news !== null) report.fact(news.publicKey, news.fact);
      },
    },
  );
  const refuse = (detail: string): PeerResult[] =>
    peers.map(({ publicKey }) => ({ kind: 'refused', publicKey, detail }));
  switch (answer.kind) {
    case 'result':
      return (
        parseResults(answer.result) ??
        refuse(`the daemon keeps ${name}, and its answer is not understood: restart the daemon`)
      );
    case 'no-daemon':
    case 'not-permitted':
      return null;
    case 'timed-out':
      return refuse(`the daemon keeps ${name} and did not answer in time; see its log`);
    case 'error':
      // A daemon of an older version knows no such command; then the lock decides.
      return answer.code === 'not-kept' || answer.code === 'unknown-command' ? null : refuse(answer.message);
  }
}

function toPeer({ publicKey, source: { host, port } }: PeerRequest): OneShotRequest['peers'][number] {
  return { publicKey, host: host.kind === 'name' ? host.name : host.address, port };
}
