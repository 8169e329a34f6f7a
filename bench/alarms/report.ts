import type { Conditions } from '../conditions.ts';
import { conditionsText } from '../conditions.ts';
import { layOut } from '../markdown.ts';
import { alarmRows } from './row.ts';
import type { AlarmResult } from './trial.ts';

/** What a run of this benchmark leaves as JSON: all that its table is made from. */
export interface AlarmReport {
  readonly schema: 2;
  readonly kind: 'alarms';
  readonly conditions: Conditions;
  readonly seed: number;
  readonly results: readonly AlarmResult[];
}

/** Whether the promise was kept: the endpoint never changed, and no other one was tried between two looks. */
export function isQuiet(result: Pick<AlarmResult, 'changes' | 'moves'>): boolean {
  return result.changes === 0 && result.moves === 0;
}

/** A run as a paragraph and a table. */
export function renderAlarmReport(report: AlarmReport): string {
  const header = [
    ...['path', 'tunnel', 'profile', 'minutes', 'endpoint changes', 'others tried'],
    ...['called down', 'looks begun', 'echoes sent', 'echoes lost', 'met'],
  ];
  const lines = report.results.map((result) => {
    const row = alarmRows.find(({ name }) => name === result.row);
    return [
      row?.weather.title ?? result.row,
      row === undefined ? '–' : row.traffic ? 'traffic' : 'idle',
      row?.profile ?? '–',
      (result.lastedMs / 60_000).toFixed(1),
      ...[result.changes, result.moves, result.downs, result.looks].map(String),
      ...[result.echoesSent, result.echoesLost].map(String),
      isQuiet(result) ? 'yes' : 'no',
    ];
  });
  return `${conditionsText(report.conditions)}\nSeed ${report.seed}.\n\n${layOut(header, lines, [0, 1, 2])}`;
}
