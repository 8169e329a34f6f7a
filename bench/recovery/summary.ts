import { layOut } from '../markdown.ts';
import { percentile } from '../statistics.ts';
import type { Contender } from './contender.ts';
import type { RecoveryRow } from './row.ts';
import type { TrialResult } from './trial.ts';

/** All trials of one contender in one row. */
export interface RecoverySummary {
  readonly title: string;
  readonly label: string;
  readonly trials: number;
  /** Milliseconds; Infinity where that share of the trials was not over in time, null without trials. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
  /** The time that each trial was given. */
  readonly cutOffMs: number;
  /** Of ours only: the rivals promised nothing. */
  readonly targetMs: number | null;
  /** Null where there is no target or no trial. */
  readonly met: boolean | null;
}

/** Sums up the trials of one contender in one row. */
export function summarizeTrials(
  row: RecoveryRow,
  contender: Pick<Contender, 'name' | 'label'>,
  results: readonly TrialResult[],
  cutOffMs: number,
): RecoverySummary {
  const own = results.filter((result) => result.row === row.name && result.contender === contender.name);
  const times = own.map(({ recoveredMs }) => recoveredMs ?? Number.POSITIVE_INFINITY);
  const isOurs = contender.name === 'wg-reach';
  const p95Ms = percentile(times, 95);
  return {
    title: row.situation.title,
    label: isOurs ? `wg-reach, ${row.profile}` : contender.label,
    trials: own.length,
    p50Ms: percentile(times, 50),
    p95Ms,
    maxMs: percentile(times, 100),
    cutOffMs,
    targetMs: isOurs ? row.targetMs : null,
    met: isOurs && p95Ms !== null ? p95Ms <= row.targetMs : null,
  };
}

/** The table of recovery times. */
export function renderRecovery(summaries: readonly RecoverySummary[]): string {
  const header = ['situation', 'looked after by', 'trials', 'p50', 'p95', 'max', 'target p95', 'met'];
  const rows = summaries.map((summary) => [
    summary.title,
    summary.label,
    String(summary.trials),
    ...[summary.p50Ms, summary.p95Ms, summary.maxMs].map((ms) => time(ms, summary.cutOffMs)),
    summary.targetMs === null ? '–' : `≤ ${summary.targetMs / 1_000} s`,
    summary.met === null ? '–' : summary.met ? 'yes' : 'no',
  ]);
  return layOut(header, rows, [0, 1]);
}

function time(ms: number | null, cutOffMs: number): string {
  if (ms === null) return '–';
  if (ms === Number.POSITIVE_INFINITY) return `> ${cutOffMs / 1_000} s`;
  return `${(ms / 1_000).toFixed(2)} s`;
}
