import { describe, expect, it } from 'vitest';
import { rivals, wgReach } from '../../bench/recovery/contender.ts';
import { ordersOf, planSeries, rivalCutOffMs } from '../../bench/recovery/orders.ts';
import { darkRow, promisedDarkRow, recoveryRows } from '../../bench/recovery/row.ts';
import { warmUpMs } from '../../bench/recovery/trial.ts';
import { profiles } from '../../src/core/profile.ts';
import { rowNamed } from './recovery-row.ts';

const script = rivals('/some/script.py').filter(({ name }) => name === 'script');
const counts = { short: 4, long: 3, rivals: 1 };

describe('the plan', () => {
  const series = planSeries([...recoveryRows, promisedDarkRow], script, counts);

  it('gives rows promised within 5 s the many trials, the others the few', () => {
    for (const { row, contender, trials } of series) {
      if (contender !== wgReach) continue;
      const wanted = row.targetMs <= 5_000 ? 4 : 3;
      expect([row.name, trials]).toEqual([row.name, wanted]);
    }
  });

  it('waits for each longer than its target, and as long for all rivals', () => {
    for (const { row, contender, cutOffMs } of series) {
      if (contender === wgReach) expect(cutOffMs).toBeGreaterThan(2 * row.targetMs);
      else expect(cutOffMs).toBe(rivalCutOffMs);
    }
  });

  it('has the rivals once for each situation with traffic, and without them on request', () => {
    const withRivals = series
      .filter(({ contender }) => contender !== wgReach)
      .map(({ row }) => row.situation);
    const busy = recoveryRows.map(({ situation }) => situation).filter(({ traffic }) => traffic);
    expect(new Set(withRivals)).toEqual(new Set(busy));
    expect(withRivals).toHaveLength(new Set(busy).size);
    const alone = planSeries(recoveryRows, script, { ...counts, rivals: 0 });
    expect(alone.every(({ contender }) => contender === wgReach)).toBe(true);
  });

  it('names a darkness that is not the promised one', () => {
    expect(promisedDarkRow.situation.title).not.toContain('not the promised');
    expect(darkRow(90_000).situation.title).toContain('1.5 min (not the promised');
  });
});

describe('the orders', () => {
  const series = planSeries(recoveryRows, script, counts);
  const draw = (seed: number) => ordersOf(series, seed, '/tmp/x').map((order) => order.random());

  it('are one for each trial, with a directory of its own', () => {
    const orders = ordersOf(series, 1, '/tmp/x');
    expect(orders).toHaveLength(series.reduce((sum, each) => sum + each.trials, 0));
    expect(new Set(orders.map(({ directory }) => directory)).size).toBe(orders.length);
  });

  it('keep together what can share a lab', () => {
    const names = ordersOf(series, 1, '/tmp/x').map(({ row }) => row.name);
    const changes = names.filter((name, index) => name !== names[index - 1]);
    expect(changes).toEqual(recoveryRows.map(({ name }) => name));
  });

  it('have the same random moments for the same seed, others for another, and not one for all', () => {
    expect(draw(7)).toEqual(draw(7));
    expect(draw(8)).not.toEqual(draw(7));
    expect(new Set(draw(7)).size).toBeGreaterThan(draw(7).length / 2);
  });
});

describe('the time before the path goes dark', () => {
  it('lets the daemon see the traffic, by two readings of the counters, and then lies anywhere in a test', () => {
    const row = rowNamed('traffic-balanced');
    const { readMs, idleTestMs } = profiles.balanced;
    expect(warmUpMs(row, 'wg-reach', 0)).toBeGreaterThan(2 * readMs);
    expect(warmUpMs(row, 'wg-reach', 1) - warmUpMs(row, 'wg-reach', 0)).toBe(Math.max(readMs, idleTestMs));
  });

  it('lies anywhere between two tests of an idle tunnel', () => {
    const row = rowNamed('idle-fast');
    expect(warmUpMs(row, 'wg-reach', 1) - warmUpMs(row, 'wg-reach', 0)).toBe(profiles.fast.idleTestMs);
  });

  it('gives the rivals a session of any age, by which one of them goes', () => {
    const row = rowNamed('traffic-fast');
    expect(warmUpMs(row, 'reresolve-dns', 1) - warmUpMs(row, 'reresolve-dns', 0)).toBe(120_000);
  });
});
