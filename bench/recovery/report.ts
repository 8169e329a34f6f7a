import type { Conditions } from '../conditions.ts';
import { conditionsText } from '../conditions.ts';
import type { ContenderName } from './contender.ts';
import type { Series } from './orders.ts';

import type { RecoverySummary } from './summary.ts';
import { renderRecovery, summarizeTrials } from './summary.ts';
import type { TrialResult } from './trial.ts';

/** What a run of this benchmark leaves as JSON: all that its table is made from. */
export interface RecoveryReport {
  readonly schema: 2;
  readonly kind: 'recovery';
  readonly conditions: Conditions;
  readonly seed: number;
  /** Labs at the same time. */
  readonly labs: number;
  readonly lines: readonly RecoveryLine[];
  readonly trials: readonly TrialResult[];
}

/** One line of the table: who looked after the tunnel in which situation, and what was promised. */
export interface RecoveryLine {
  readonly row: string;
  readonly contender: ContenderName;
  readonly title: string;
  readonly label: string;
  /** Null: nothing was promised. */
  readonly targetMs: number | null;
  readonly cutOffMs: number;
  /** Trials that were wanted; there are fewer results where some gave none. */
  readonly wanted: number;
}

/** The line of the table that a series fills. */
export function lineOf({ row, contender, trials, cutOffMs }: Series): RecoveryLine {
  const isOurs = contender.name === 'wg-reach';
  return {
    row: row.name,
    contender: contender.name,
    title: row.situation.title,
    label: isOurs ? `wg-reach, ${row.profile}` : contender.label,
    targetMs: isOurs ? row.targetMs : null,
    cutOffMs,
    wanted: trials,
  };
}

/** The summaries of all lines of a run. */
export function summariesOf(report: RecoveryReport): readonly RecoverySummary[] {
  return report.lines.map((line) => summarizeTrials(line, report.trials));
}

/** A run as a paragraph and a table. */
export function renderRecoveryReport(report: RecoveryReport): string {
  const wanted = report.lines.reduce((sum, line) => sum + line.wanted, 0);
  const lost = wanted - report.trials.length;
  const missing = lost > 0 ? ` ${lost} of ${wanted} trials gave no result.` : '';
  const setting = `Seed ${report.seed}; ${report.labs} labs at the same time; round trip 20 ms.${missing}`;
  return `${conditionsText(report.conditions)}\n${setting}\n\n${renderRecovery(summariesOf(report))}`;
}
