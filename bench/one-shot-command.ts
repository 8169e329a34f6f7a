import { rmSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Lab } from '../lab/index.ts';
import { describeMissing } from '../lab/index.ts';
import { benchCommands } from './command.ts';
import { observeConditions } from './conditions.ts';
import { oneShotSituations } from './one-shot.ts';
import type { OneShotReport } from './one-shot-report.ts';
import { renderOneShotReport } from './one-shot-report.ts';
import { chosen, readableFile, readCount, writableFile } from './options.ts';
import { createProgress } from './progress.ts';
import type { Run } from './rounds.ts';
import { runRounds } from './rounds.ts';
import { makeScratch } from './scratch.ts';

interface Flags {
  readonly script?: string;
  readonly runs: number;
  readonly only?: readonly string[];
  readonly json?: string;
}

/** What a shell reports of a command ended by Ctrl-C. */
const interruptedCode = 130;
const names = oneShotSituations.map((situation) => situation.name);

const explanation = `
Wall time, CPU time (user and system) and peak memory (of the largest process) of whole processes, counted by the
operating system. The ratios are medians over pairs of runs: the script's figure divided by the figure of wg-reach
in the same round. Above 1, wg-reach needs less. docs/benchmarks.md has a table and says what it does not show.

Exit code: 0 every run ended as it should, 1 some did not, or the lab cannot be built, 2 usage.`;

/** `npm run bench`: what a run of the one-shot costs and how long it takes, beside the script it replaces. */
export const oneShotCommand = new Command('one-shot')
  .description('Runs wg-reach and the script it replaces side by side on real WireGuard. Needs root.')
  .usage('[options]')
  .option(
    '--script <file>',
    "the article's wireguard_endpoint_manager.py; without it only wg-reach is measured",
  )
  .option(
    '--runs <number>',
    'counted runs of each command in each situation, after one to warm up',
    readCount,
    10,
  )
  .option('--only <names...>', `only these situations: ${names.join(', ')}`)
  .option('--json <file>', 'write every single run to this file')
  .helpOption('--help', 'print this help')
  .allowExcessArguments(false)
  .addHelpText('after', explanation)
  .action(async (flags: Flags) => {
    process.exit(await bench(flags));
  });

/** Measures and prints everything; returns the exit code. */
async function bench(flags: Flags): Promise<number> {
  const script = flags.script === undefined ? null : readableFile(flags.script);
  const jsonFile = flags.json === undefined ? null : writableFile(flags.json);
  const situations = chosen(oneShotSituations, flags.only);
  const missing = await describeMissing();
  if (missing !== null) {
    console.error(missing);
    return 1;
  }

  const commands = benchCommands(script);
  const conditions = await observeConditions(script !== null);
  const directory = makeScratch();
  const progress = createProgress(process.stderr);
  let lab: Lab | null = null;
  const cleanUp = async () => {
    progress.clear();
    await lab?.close();
    rmSync(directory, { recursive: true, force: true });
  };
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      interrupted = true;
      void cleanUp().finally(() => process.exit(interruptedCode));
    });

  const all: Run[] = [];
  let unexpected = 0;
  if (script === null)
    console.log(
      'The script is not measured, and there are no ratios: give its path with --script FILE to compare.',
    );
  try {
    for (const situation of situations) {
      const runs = await runRounds(situation, {
        commands,
        rounds: flags.runs,
        directory,
        progress: progress.say,
        owns: (owned) => {
          lab = owned;
        },
      });
      progress.clear();
      all.push(...runs);
      unexpected += warnOfUnexpected(runs);
    }
  } catch (error) {
    // What was running when its lab went away fails, and that is no news.
    if (interrupted) return interruptedCode;
    progress.clear();
    console.error(`The benchmark ends early: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await cleanUp();
  }
  const report: OneShotReport = { schema: 2, kind: 'one-shot', conditions: conditions(), runs: all };
  console.log(`\n${renderOneShotReport(report)}`);
  if (jsonFile !== null) {
    writeFileSync(jsonFile, `${JSON.stringify(report, null, 1)}\n`);
    console.log(`Every single run: ${jsonFile}`);
  }
  return unexpected === 0 ? 0 : 1;
}

/** Says which runs did not end as they should, with what the first of them printed; returns how many. */
function warnOfUnexpected(runs: readonly Run[]): number {
  const wrong = runs.filter((run) => !run.asExpected);
  const [first] = wrong;
  if (first === undefined) return 0;
  console.log(
    `\n${wrong.length} of ${runs.length} runs did not end as they should. Their figures are no measure of anything.\n` +
      `The first, ${first.command} in round ${first.round}, printed:\n${first.stdout}${first.stderr}`,
  );
  return wrong.length;
}
