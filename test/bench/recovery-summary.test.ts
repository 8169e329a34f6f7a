import { describe, expect, it } from 'vitest';
import { wgReach } from '../../bench/recovery/contender.ts';
import { renderRecovery, summarizeTrials } from '../../bench/recovery/summary.ts';
import { rowNamed, trialsOfRow } from './recovery-row.ts';

const row = rowNamed('traffic-fast');
const targetMs = row.targetMs;
const rival = { name: 'script' as const, label: 'the script' };

describe('the summary of a row', () => {
  it('meets its target where 19 of 20 trials do, however long the last took', () => {
    const times = [...Array.from({ length: 19 }, () => targetMs), null];
    const summary = summarizeTrials(row, wgReach, trialsOfRow(row.name, 'wg-reach', times), 60_000);
    expect(summary).toMatchObject({
      trials: 20,
      p95Ms: targetMs,
      met: true,
      maxMs: Number.POSITIVE_INFINITY,
    });
  });

  it('misses it where two of 20 do not, by a millisecond', () => {
    const times = [...Array.from({ length: 18 }, () => 1), targetMs + 1, targetMs + 1];
    const summary = summarizeTrials(row, wgReach, trialsOfRow(row.name, 'wg-reach', times), 60_000);
    expect(summary).toMatchObject({ p50Ms: 1, p95Ms: targetMs + 1, met: false });
  });

  it('takes neither the trials of another row nor those of another contender', () => {
    const results = [
      ...trialsOfRow(row.name, 'wg-reach', [1_000]),
      ...trialsOfRow('idle-fast', 'wg-reach', [2_000]),
      ...trialsOfRow(row.name, 'script', [3_000]),
    ];
    expect(summarizeTrials(row, wgReach, results, 60_000)).toMatchObject({ trials: 1, maxMs: 1_000 });
    expect(summarizeTrials(row, rival, results, 60_000)).toMatchObject({ trials: 1, maxMs: 3_000 });
  });

  it('holds the rivals to no target, and calls no trial a success without trials', () => {
    const ofRival = summarizeTrials(row, rival, trialsOfRow(row.name, 'script', [1]), 60_000);
    expect(ofRival).toMatchObject({ targetMs: null, met: null });
    expect(summarizeTrials(row, wgReach, [], 60_000)).toMatchObject({ trials: 0, p95Ms: null, met: null });
  });
});

describe('the table of recovery times', () => {
  it('says of what was not over in time how long was waited, not a number', () => {
    const summary = summarizeTrials(row, rival, trialsOfRow(row.name, 'script', [31_400, null]), 180_000);
    const line = renderRecovery([summary]).split('\n').at(-1) ?? '';
    const cells = line.split('|').map((cell) => cell.trim());
    expect(cells.slice(2, 9)).toEqual(['the script', '2', '31.40 s', '> 180 s', '> 180 s', '–', '–']);
  });

  it('says whether the target was met', () => {
    const text = [[1], [targetMs + 1]]
      .map((times) => summarizeTrials(row, wgReach, trialsOfRow(row.name, 'wg-reach', times), 60_000))
      .map((summary) => renderRecovery([summary]).split('\n').at(-1)?.split('|').at(-2)?.trim());
    expect(text).toEqual(['yes', 'no']);
  });
});
