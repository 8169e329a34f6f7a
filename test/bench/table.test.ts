import { describe, expect, it } from 'vitest';
import { benchCommands } from '../../bench/command.ts';
import { summarize } from '../../bench/summary.ts';
import { ratio, renderTable } from '../../bench/table.ts';
import { runOf } from './runs.ts';

const cells = (line: string | undefined) =>
  (line ?? '')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

describe('renderTable', () => {
  const runs = [
    runOf({
      command: 'script',
      wallMs: 2_140,
      userMs: 30,
      systemMs: 9.6,
      peakMemoryBytes: 13.25 * 1_048_576,
    }),
    runOf({ command: 'auto', wallMs: 214, userMs: 198, systemMs: 0, peakMemoryBytes: 53 * 1_048_576 }),
  ];
  const lines = renderTable(summarize(runs, benchCommands('/some/script.py'))).split('\n');

  it('is a Markdown table with as many cells in each line', () => {
    expect(new Set(lines.map((line) => cells(line).length)).size).toBe(1);
    expect(lines[1]).toMatch(/^\| -+ \|( -+: \|)+ -+ \|$/);
  });

  it('is padded, so that its lines are of one length', () => {
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });

  it('writes each figure with its unit, and the ratios', () => {
    const end = 'exit 0, endpoint kept, tunnel works';
    expect(cells(lines[2])).toEqual(['script', '2.14 s', '2.14 s', '40 ms', '13.3 MiB', '–', '–', '–', end]);
    expect(cells(lines[4])).toEqual([
      'wg-reach --probe auto',
      '0.21 s',
      '0.21 s',
      '198 ms',
      '53.0 MiB',
      '10.0',
      '0.20',
      '0.25',
      end,
    ]);
  });

  it('shows a command without runs as unknown, never as 0', () => {
    const numbers = cells(lines[3]).slice(1, -1);
    expect(numbers.length).toBeGreaterThan(0);
    expect(new Set(numbers)).toEqual(new Set(['–']));
  });

  it('has no columns for ratios without the script', () => {
    const table = renderTable(summarize([runOf({})], benchCommands(null)));
    expect(table).not.toContain('÷');
    expect(cells(table.split('\n')[0])).toHaveLength(6);
  });
});

describe('ratio', () => {
  it('has three digits at the most', () => {
    expect([0.1049, 1.234, 12.34, 123.4].map(ratio)).toEqual(['0.10', '1.23', '12.3', '123']);
  });
});
