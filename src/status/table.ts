import { ageWords, agoWords } from './age.ts';
import { alignColumns, gap, widthOf, wrap } from './columns.ts';
import { printable } from './printable.ts';
import { type CandidateStatus, healths, type PeerStatus, type StatusReport } from './report.ts';
import { shortKeys } from './short-keys.ts';

/** How the table is drawn. */
export interface TableOptions {
  /** Unix milliseconds: ages are counted up to here. */
  readonly nowMs: number;
  /** What a line should fit; only what cannot be broken goes beyond. */
  readonly columns: number;
  /** With each peer's last switch and candidates. */
  readonly details: boolean;
}

const indent = '    ';

/**
 * The status for people, as lines: a summary, one row a peer, and below a row what needs words. Keys are cut
 * to what tells the peers apart. An endpoint that does not fit its row stands below it.
 */
export function statusTable(report: StatusReport, options: TableOptions): string[] {
  if (report.peers.length === 0) {
    return wrap(
      'The daemon runs and manages no peer. "wg-reach config" says which peers it found and why it left them.',
      '',
      options.columns,
    );
  }
  const keys = shortKeys(report.peers.map((peer) => peer.publicKey));
  const [head = '', ...rows] = alignColumns([
    ['INTERFACE', 'PEER', 'HEALTH', 'PROVEN'],
    ...report.peers.map((peer) => [
      printable(peer.interface),
      printable(keys.get(peer.publicKey) ?? peer.publicKey),
      healthCell(peer, options.nowMs),
      proofCell(peer, options.nowMs),
    ]),
  ]);
  return [
    summary(report.peers),
    '',
    `${head}${gap}ENDPOINT`,
    ...report.peers.flatMap((peer, index) => [
      ...rowLines(rows[index] ?? '', peer.endpoint, options.columns),
      ...notes(peer, options).flatMap((note) => wrap(note, indent, options.columns)),
      ...(options.details ? candidateLines(peer.candidates, options) : []),
    ]),
  ];
}

function summary(peers: readonly PeerStatus[]): string {
  const counts = healths.flatMap((health) => {
    const count = peers.filter((peer) => peer.health === health).length;
    return count === 0 ? [] : [`${count} ${health}`];
  });
  return `${peers.length} ${peers.length === 1 ? 'peer' : 'peers'}: ${counts.join(', ')}`;
}

function healthCell(peer: PeerStatus, nowMs: number): string {
  return peer.since === null ? peer.health : `${peer.health} ${ageWords(nowMs - Date.parse(peer.since))}`;
}

function proofCell(peer: PeerStatus, nowMs: number): string {
  return peer.proof === null ? 'not yet' : `${peer.proof.kind} ${agoWords(peer.proof.at, nowMs)}`;
}

function rowLines(row: string, endpoint: string | null, columns: number): string[] {
  const shown = endpoint === null ? '(none)' : printable(endpoint);
  const line = `${row}${gap}${shown}`.trimEnd();
  return widthOf(line) <= columns ? [line] : [row.trimEnd(), `${indent}endpoint ${shown}`.trimEnd()];
}

function notes(peer: PeerStatus, { nowMs, details }: TableOptions): string[] {
  const { reason, fallbackSince, lastSwitch, proof } = peer;
  const preferred = peer.candidates.reduce<CandidateStatus | null>(
    (best, candidate) => (best === null || candidate.rank < best.rank ? candidate : best),
    null,
  );
  const words: string[] = [];
  if (reason !== null) words.push(printable(reason));
  if (fallbackSince !== null) {
    const instead =
      preferred === null || preferred.endpoint === peer.endpoint
        ? ''
        : ` instead of ${printable(preferred.endpoint)} (${preferred.verdict})`;
    words.push(`on a fallback for ${ageWords(nowMs - Date.parse(fallbackSince))}${instead}`);
  }
  if (details && proof !== null && proof.rttMs !== null) {
    words.push(`round trip through the tunnel ${milliseconds(proof.rttMs)}`);
  }
  if (details && lastSwitch !== null) {
    const { at, from, to, reason: why } = lastSwitch;
    words.push(
      `switched ${agoWords(at, nowMs)} from ${printable(from ?? '(none)')} to ${printable(to)}: ${printable(why)}`,
    );
  }
  return words;
}

function candidateLines(candidates: readonly CandidateStatus[], { nowMs }: TableOptions): string[] {
  const ranked = candidates.toSorted((one, other) => one.rank - other.rank);
  const rows = ranked.map(({ rank, endpoint, verdict, rttMs, at, source }) => [
    `${rank}.`,
    printable(endpoint),
    verdict,
    rttMs === null ? '' : milliseconds(rttMs),
    at === null ? '' : agoWords(at, nowMs),
    printable(source),
  ]);
  return alignColumns(rows).map((line) => `${indent}${line.trimEnd()}`);
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
