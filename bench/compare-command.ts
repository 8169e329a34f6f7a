import { Command } from 'commander';
import { layOut } from './markdown.ts';
import { fail } from './options.ts';
import type { RecoveryReport } from './recovery/report.ts';
import { timesOf } from './recovery/summary.ts';
import { readReport } from './report.ts';
import { kolmogorovSmirnov, percentile } from './statistics.ts';

const explanation = `
The last column is the probability that two samples of one and the same distribution differ at least by this much
(Kolmogorov-Smirnov). Below 0.05 the runs differ by more than chance.`;

/** `npm run bench -- compare A B`: whether two runs of `recovery` differ, for instance by the number of labs. */
export const compareCommand = new Command('compare')
  .summary('whether two runs of "recovery" differ')
  .description('Compares the times of two runs of "recovery", line by line.')
  .usage('FILE FILE')
  .argument('<first>', 'written by recovery --json')
  .argument('<second>', 'the same, of another run')
  .helpOption('--help', 'print this help')
  .addHelpText('after', explanation)
  .action((first: string, second: string) => {
    console.log(renderComparison(readRecovery(first), readRecovery(second)));
  });

/** The lines that both runs have, with the figures of each and how likely such a difference is by chance. */
export function renderComparison(first: RecoveryReport, second: RecoveryReport): string {
  const header = ['situation', 'looked after by', 'labs', 'trials', 'p50', 'p95', 'CPU waited', 'same'];
  const rows = first.lines.flatMap((line) => {
    const partner = second.lines.find(
      ({ row, contender }) => row === line.row && contender === line.contender,
    );
    if (partner === undefined) return [];
    const times = [first, second].map((report) => timesOf(line, report.trials));
    const [a = [], b = []] = times;
    const probability = kolmogorovSmirnov(a, b);
    return [first, second].map((report, index) => {
      const own = times[index] ?? [];
      const waited = report.conditions.cpuWaitShare;
      return [
        ...(index === 0 ? [line.title, line.label] : ['', '']),
        String(report.labs),
        String(own.length),
        seconds(percentile(own, 50)),
        seconds(percentile(own, 95)),
        waited === null ? '–' : `${(waited * 100).toFixed(0)} %`,
        index === 0 || probability === null ? '' : `p = ${probability.toFixed(3)}`,
      ];
    });
  });
  return layOut(header, rows, [0, 1]);
}

function seconds(ms: number | null): string {
  if (ms === null) return '–';
  return ms === Number.POSITIVE_INFINITY ? 'cut off' : `${(ms / 1_000).toFixed(2)} s`;
}

function readRecovery(path: string): RecoveryReport {
  const read = readReport(path);
  if (read.kind === 'invalid') return fail(read.detail);
  return read.report.kind === 'recovery' ? read.report : fail(`${path} is of another benchmark.`);
}
