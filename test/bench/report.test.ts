import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { renderComparison } from '../../bench/compare-command.ts';
import { conditionsText } from '../../bench/conditions.ts';
import { planSeries } from '../../bench/recovery/orders.ts';
import type { RecoveryReport } from '../../bench/recovery/report.ts';
import { lineOf } from '../../bench/recovery/report.ts';
import { readReport, renderReport } from '../../bench/report.ts';
import { kolmogorovSmirnov } from '../../bench/statistics.ts';
import { conditionsOf } from './conditions.ts';
import { rowNamed, trialsOfRow } from './recovery-row.ts';

const directory = mkdtempSync(join(tmpdir(), 'bench-report-'));
afterAll(() => rmSync(directory, { recursive: true }));

const row = rowNamed('traffic-fast');
const reportOf = (timesMs: readonly (number | null)[], labs = 8): RecoveryReport => ({
  schema: 2,
  kind: 'recovery',
  conditions: conditionsOf({}),
  seed: 1,
  labs,
  lines: planSeries([row], [], { short: timesMs.length, long: 1, rivals: 0 }).map(lineOf),
  trials: trialsOfRow(row.name, 'wg-reach', timesMs),
});
const written = (value: unknown) => {
  const file = join(directory, 'report.json');
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
};

describe('a report', () => {
  it('gives the same table from its file as when it was measured, also of what was cut off', () => {
    const report = reportOf([1_000, 2_000, null]);
    const read = readReport(written(report));
    if (read.kind !== 'ok') throw new Error(read.detail);
    expect(renderReport(read.report)).toBe(renderReport(report));
    expect(renderReport(report)).toContain('> 60 s');
  });

  it('says how many trials gave no result', () => {
    const report = reportOf([1, 2, 3]);
    expect(renderReport(report)).not.toContain('no result');
    expect(renderReport({ ...report, trials: report.trials.slice(1) })).toContain(
      '1 of 3 trials gave no result',
    );
  });

  it('is refused, with its path, where it is none', () => {
    const damaged = ['{', '[]', 'null', { schema: 1, kind: 'recovery' }, { schema: 2, kind: 'weather' }];
    for (const value of damaged) {
      const read = readReport(written(value));
      expect(read.kind === 'invalid' && read.detail).toContain('report.json');
    }
    expect(readReport(join(directory, 'none.json')).kind).toBe('invalid');
  });
});

describe('the conditions', () => {
  it('name the build and what the machine did beside', () => {
    const text = conditionsText(conditionsOf({}));
    for (const part of ['abc1234', '2026-01-02', '3 %', '0.1 before']) expect(text).toContain(part);
    expect(conditionsText(conditionsOf({ cpuWaitShare: null }))).not.toContain('%');
  });
});

describe('the comparison', () => {
  const times = (from: number) => Array.from({ length: 20 }, (_, index) => from + index);

  it('calls runs the same that are, and not those that are not', () => {
    expect(kolmogorovSmirnov(times(0), times(0))).toBe(1);
    expect(kolmogorovSmirnov(times(0), times(1_000))).toBeLessThan(0.001);
    expect(kolmogorovSmirnov(times(0), [])).toBeNull();
  });

  it('agrees with tables: two samples of 20 with a distance of 0.45 differ with p < 0.05, of 0.40 do not', () => {
    const shifted = (by: number) => times(0).map((value) => (value < by ? value + 1_000 : value));
    expect(kolmogorovSmirnov(times(0), shifted(9))).toBeLessThan(0.05);
    expect(kolmogorovSmirnov(times(0), shifted(8))).toBeGreaterThan(0.05);
  });

  it('shows both runs of a line', () => {
    const text = renderComparison(reportOf(times(100), 1), reportOf(times(100), 8));
    const lines = text.split('\n').slice(2);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('traffic, IPv6 black-holed');
    expect(lines[1]).toContain('p = 1.000');
  });
});
