import { describe, expect, it } from 'vitest';
import { planSeries } from '../../bench/recovery/orders.ts';
import { lineOf } from '../../bench/recovery/report.ts';
import { renderRecovery, summarizeTrials } from '../../bench/recovery/summary.ts';
import { rowNamed, trialsOfRow } from './recovery-row.ts';

const row = rowNamed('traffic-fast');
const targetMs = row.targetMs;
const ours = planSeries([row], [], { short: 1, long: 1, rivals: 0 }).map(lineOf)[0];
if (ours === undefined) throw new Error('There is no line.');
const rival = {
  ...ours,
  contender: 'script' as const,
  label: 'the script',
  targetMs: null,
  cutOffMs: 180_000,
};

describe('the summary of a row', () => {
  it('meets its target where 19 of 20 trials do, however long the last took', () => {
    const times = [...Array.from({ length: 19 }, () => targetMs), null];
    const summary = summarizeTrials(ours, trialsOfRow(row.name, 'wg-reach', times));
    expect(summary).toMatchObject({
      trials: 20,
      p95Ms: targetMs,
      met: true,
      maxMs: Number.POSITIVE_INFINITY,
    });
  });

  it('misses it where two of 20 do not, by a millisecond', () => {
    const times = [...Array.from({ length: 18 }, () => 1), targetMs + 1, targetMs + 1];
    const summary = summarizeTrials(ours, trialsOfRow(row.name, 'wg-reach', times));
    expect(summary).toMatchObject({ p50Ms: 1, p95Ms: targetMs + 1, met: false });
  });

  it('takes neither the trials of another row nor those of another contender', () => {
    const results = [
      ...trialsOfRow(row.name, 'wg-reach', [1_000]),
      ...trialsOfRow('idle-fast', 'wg-reach', [2_000]),
      ...trialsOfRow(row.name, 'script', [3_000]),
    ];
    expect(summarizeTrials(ours, results)).toMatchObject({ trials: 1, maxMs: 1_000 });
    expect(summarizeTrials(rival, results)).toMatchObject({ trials: 1, maxMs: 3_000 });
  });

  it('holds the rivals to no target, and calls no trial a success without trials', () => {
    const ofRival = summarizeTrials(rival, trialsOfRow(row.name, 'script', [1]));
    expect(ofRival).toMatchObject({ targetMs: null, met: null });
    expect(summarizeTrials(ours, [])).toMatchObject({ trials: 0, p95Ms: null, met: null });
  });
});

describe('the table of recovery times', () => {
  it('says of what was not over in time how long was waited, not a number', () => {
    const summary = summarizeTrials(rival, trialsOfRow(row.name, 'script', [31_400, null]));
    const line = renderRecovery([summary]).split('\n').at(-1) ?? '';
    const cells = line.split('|').map((cell) => cell.trim());
    expect(cells.slice(2, 9)).toEqual(['the script', '2', '31.40 s', '> 180 s', '> 180 s', '–', '–']);
  });

  it('says whether the target was met', () => {
    const text = [[1], [targetMs + 1]]
      .map((times) => summarizeTrials(ours, trialsOfRow(row.name, 'wg-reach', times)))
      .map((summary) => renderRecovery([summary]).split('\n').at(-1)?.split('|').at(-2)?.trim());
    expect(text).toEqual(['yes', 'no']);
  });
});
