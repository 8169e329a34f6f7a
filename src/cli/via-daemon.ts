import type { PeerStatus, StatusReport } from '../status/report.ts';
import { ask } from './ask.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { addressesOf, pythonList } from './words.ts';

/** Which peers, and how long to wait for the daemon. */
export interface ViaDaemonRequest {
  readonly runtimeDirectory: string;
  readonly interface: string | null;
  readonly publicKey: string | null;
  /** On the clock of `performance.now()`. */
  readonly endMs: number;
}

/** What the daemon knew before it was asked to look, and after. */
export interface ViaDaemon {
  readonly before: StatusReport;
  readonly after: StatusReport;
}

/**
 * Has a running daemon look after these peers, since two writers must not work side by side. Null if no daemon runs or
 * it does not manage them; then the one-shot does the work itself.
 */
export async function repairViaDaemon(request: ViaDaemonRequest): Promise<ViaDaemon | null> {
  const which = {
    ...(request.interface === null ? {} : { interface: request.interface }),
    ...(request.publicKey === null ? {} : { publicKey: request.publicKey }),
  };
  const before = await ask(request.runtimeDirectory, { command: 'status', ...which }, 5_000);
  if (before.kind !== 'report' || before.report.peers.length === 0) return null;
  const leftMs = Math.max(1_000, request.endMs - performance.now() - 500);
  const after = await ask(request.runtimeDirectory, { command: 'repair', ...which }, leftMs);
  if (after.kind === 'report') return { before: before.report, after: after.report };
  const last = await ask(request.runtimeDirectory, { command: 'status', ...which }, 1_000);
  return { before: before.report, after: last.kind === 'report' ? last.report : before.report };
}

/** Prints one line a peer, and returns the worst of 0 and 1. */
export function concludeRepair({ before, after }: ViaDaemon, output: Output): number {
  for (const peer of after.peers) {
    const old = before.peers.find((one) => isSame(one, peer))?.endpoint ?? null;
    const moved =
      old === peer.endpoint
        ? `over ${peer.endpoint ?? '(none)'}`
        : `moved from ${old ?? '(none)'} to ${peer.endpoint ?? '(none)'}`;
    const why = peer.reason === null ? '' : ` (${peer.reason})`;
    const line = `${peer.interface} ${peer.publicKey}: ${peer.health}, ${moved}${why}; the daemon looks after it`;
    if (isFine(peer)) output.lines([line]);
    else output.error(line);
  }
  const code = after.peers.every(isFine) ? exitCode.ok : exitCode.failed;
  output.end({ noteworthy: code !== exitCode.ok || hasMoved({ before, after }), json: after });
  return code;
}

/** Prints the lines of the article's script, as far as the daemon knows them, and returns its exit code. */
export function concludeDropIn({ before, after }: ViaDaemon, host: string, output: Output): number {
  const peer = after.peers[0];
  if (!peer) return exitCode.failed;
  const endpoints = peer.candidates.map((candidate) => candidate.endpoint);
  const reachable = peer.candidates
    .filter((candidate) => candidate.verdict === 'proven' || candidate.verdict === 'reachable')
    .map((candidate) => candidate.endpoint);
  const old = before.peers[0]?.endpoint ?? '(none)';
  output.lines([
    endpoints.length === 0
      ? `No addresses resolved for ${host}.`
      : `Candidate addresses: ${pythonList(addressesOf(endpoints))}`,
    `All reachable addresses: ${pythonList(addressesOf(reachable))}`,
    `Chosen endpoint is ${peer.endpoint ?? '(none)'}`,
    `Existing endpoint is ${old}`,
    `The daemon looks after this peer: ${peer.health}${peer.reason === null ? '' : ` (${peer.reason})`}`,
  ]);
  const code = isFine(peer) ? exitCode.ok : endpoints.length === 0 ? exitCode.noAddress : exitCode.noneWorks;
  output.end({ noteworthy: code !== exitCode.ok || hasMoved({ before, after }), json: after });
  return code;
}

function isFine(peer: PeerStatus): boolean {
  return peer.health === 'up' || peer.health === 'paused' || peer.health === 'unknown';
}

function isSame(one: PeerStatus, other: PeerStatus): boolean {
  return one.interface === other.interface && one.publicKey === other.publicKey;
}

function hasMoved({ before, after }: ViaDaemon): boolean {
  return after.peers.some(
    (peer) => before.peers.find((one) => isSame(one, peer))?.endpoint !== peer.endpoint,
  );
}
