import { describe, expect, it } from 'vitest';
import { benchCommands } from '../../bench/command.ts';
import { summarize } from '../../bench/summary.ts';
import { runOf } from './runs.ts';

const withScript = benchCommands('/some/script.py');
const withoutScript = benchCommands(null);

describe('summarize', () => {
  it('has one line for each command, in their order', () => {
    const names = summarize([], withScript).map((summary) => summary.label);
    expect(names).toEqual(['script', 'wg-reach --probe icmp', 'wg-reach --probe auto']);
    expect(summarize([], withoutScript)).toHaveLength(2);
  });

  it('pairs runs by their round, not by their order', () => {
    const runs = [
      runOf({ command: 'auto', round: 2, wallMs: 100 }),
      runOf({ command: 'script', round: 1, wallMs: 1_000 }),
      runOf({ command: 'script', round: 2, wallMs: 400 }),
      runOf({ command: 'auto', round: 1, wallMs: 500 }),
    ];
    const auto = summarize(runs, withScript).at(-1);
    // 1000/500 and 400/100; by order of appearance it would be 1000/100 and 400/500.
    expect(auto?.ratios?.wall).toBe(3);
  });

  it('leaves a run without a partner out of the ratios, but not out of the medians', () => {
    const runs = [
      runOf({ command: 'script', round: 1, wallMs: 1_000 }),
      runOf({ command: 'auto', round: 1, wallMs: 500 }),
      runOf({ command: 'auto', round: 2, wallMs: 100 }),
    ];
    const auto = summarize(runs, withScript).at(-1);
    expect(auto?.ratios?.wall).toBe(2);
    expect(auto?.wallMedianMs).toBe(300);
  });

  it('adds user and system time, before the median', () => {
    const runs = [
      runOf({ userMs: 1, systemMs: 90 }),
      runOf({ userMs: 50, systemMs: 10 }),
      runOf({ userMs: 30, systemMs: 40 }),
    ];
    expect(summarize(runs, withoutScript).at(-1)?.cpuMedianMs).toBe(70);
  });

  it('compares the script with nothing, and nothing with a script that was not run', () => {
    expect(summarize([runOf({ command: 'script' })], withScript)[0]?.ratios).toBeNull();
    expect(summarize([runOf({})], withoutScript).at(-1)?.ratios).toBeNull();
  });

  it('says how the runs ended, and how often where they differ', () => {
    const moved = { endpointAfter: '192.0.2.9:51820' };
    const same = summarize([runOf({ ...moved }), runOf({ ...moved })], withoutScript).at(-1);
    expect(same?.ends).toEqual(['exit 0, now 192.0.2.9:51820, tunnel works']);
    const mixed = [
      runOf({}),
      runOf({ code: null, tunnelWorks: false, asExpected: false }),
      runOf({}),
      runOf({ endpointAfter: null, code: 1, tunnelWorks: false, asExpected: false }),
    ];
    const summary = summarize(mixed, withoutScript).at(-1);
    expect(summary?.ends).toEqual([
      '2×: exit 0, endpoint kept, tunnel works',
      '1×: killed, its time was up, endpoint kept, tunnel dead',
      '1×: exit 1, now no endpoint, tunnel dead',
    ]);
    expect(summary?.unexpected).toBe(2);
  });
});
