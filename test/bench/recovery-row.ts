import type { ContenderName } from '../../bench/recovery/contender.ts';
import type { RecoveryRow } from '../../bench/recovery/row.ts';
import { recoveryRows } from '../../bench/recovery/row.ts';
import type { TrialResult } from '../../bench/recovery/trial.ts';

/** A row of the real table. */
export function rowNamed(name: string): RecoveryRow {
  const row = recoveryRows.find((each) => each.name === name);
  if (row === undefined) throw new Error(`There is no row ${name}.`);
  return row;
}

/** Trials of that row with these times; null for one that was not over in time. */
export function trialsOfRow(
  row: string,
  contender: ContenderName,
  timesMs: readonly (number | null)[],
): readonly TrialResult[] {
  return timesMs.map((recoveredMs, index) => ({
    row,
    contender,
    trial: index + 1,
    recoveredMs,
    cutOffMs: 60_000,
    endpointBefore: '[2001:db8::1]:51820',
    endpointAfter: '192.0.2.1:51820',
    said: [],
  }));
}
