import { layOut } from '../markdown.ts';
import { percentile } from '../statistics.ts';
import type { RecoveryLine } from './report.ts';
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

/** Sums up the trials that belong to one line. */
export function summarizeTrials(
  line: Omit<RecoveryLine, 'wanted'>,
  results: readonly TrialResult[],
): RecoverySummary {
  const times = timesOf(line, results);
  const p95Ms = percentile(times, 95);
  const { title, label, targetMs, cutOffMs } = line;
  return {
    title,
    label,
    trials: times.length,
    p50Ms: percentile(times, 50),
    p95Ms,
    maxMs: percentile(times, 100),
    cutOffMs,
    targetMs,
    met: targetMs !== null && p95Ms !== null ? p95Ms <= targetMs : null,
  };
}

/** How long the tunnel was down in each trial of a line, in milliseconds; Infinity where the trial was cut off. */
export function timesOf(
  { row, contender }: Pick<RecoveryLine, 'row' | 'contender'>,
  results: readonly TrialResult[],
): readonly number[] {
  return results
    .filter((result) => result.row === row && result.contender === contender)
    .map(({ recoveredMs }) => recoveredMs ?? Number.POSITIVE_INFINITY);
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
