import { readFileSync } from 'node:fs';
import type { AlarmReport } from './alarms/report.ts';
import { renderAlarmReport } from './alarms/report.ts';
import type { CostReport } from './cost/report.ts';
import { renderCostReport } from './cost/report.ts';
import type { OneShotReport } from './one-shot-report.ts';
import { renderOneShotReport } from './one-shot-report.ts';
import type { RecoveryReport } from './recovery/report.ts';
import { renderRecoveryReport } from './recovery/report.ts';

/** What `--json` of any benchmark writes. */
export type Report = OneShotReport | RecoveryReport | AlarmReport | CostReport;

/** A report, or in words why there is none. */
export type ReadReport =
  | { readonly kind: 'ok'; readonly report: Report }
  | { readonly kind: 'invalid'; readonly detail: string };

const kinds: readonly string[] = [
  'one-shot',
  'recovery',
  'alarms',
  'cost',
] satisfies readonly Report['kind'][];

/** Reads a file that `--json` has written. Only what it claims to be is looked at, not every figure in it. */
export function readReport(path: string): ReadReport {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return { kind: 'invalid', detail: `${path}: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (isReport(value)) return { kind: 'ok', report: value };
  return {
    kind: 'invalid',
    detail: `${path} was not written by --json of this version of the benchmark: measure again.`,
  };
}

/** A report as Markdown: under what conditions it was measured, and its tables. */
export function renderReport(report: Report): string {
  switch (report.kind) {
    case 'one-shot':
      return renderOneShotReport(report);
    case 'recovery':
      return renderRecoveryReport(report);
    case 'alarms':
      return renderAlarmReport(report);
    case 'cost':
      return renderCostReport(report);
  }
}

function isReport(value: unknown): value is Report {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return fields.get('schema') === 2 && kinds.includes(String(fields.get('kind')));
}
