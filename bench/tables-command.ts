import { Command } from 'commander';
import { fail } from './options.ts';
import { readReport, renderReport } from './report.ts';

/** `npm run bench -- tables FILE…`: the tables of the documentation, from what `--json` has written. */
export const tablesCommand = new Command('tables')
  .summary('the tables of earlier runs, as Markdown')
  .description('Prints the tables of what --json has written, as they stand in docs/benchmarks.md.')
  .usage('FILE...')
  .argument('<files...>', 'written by --json of a benchmark')
  .helpOption('--help', 'print this help')
  .action((files: readonly string[]) => {
    const texts = files.map((file) => {
      const read = readReport(file);
      return read.kind === 'ok' ? renderReport(read.report) : fail(read.detail);
    });
    console.log(texts.join('\n\n'));
  });
