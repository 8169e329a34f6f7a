import { randomInt } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Lab } from '../../lab/index.ts';
import { describeMissing } from '../../lab/index.ts';
import { describeMachine, loadNow, machineSentence } from '../machine.ts';
import {
  chosen,
  readAmount,
  readableFile,
  readCount,
  readCountOrNone,
  readSeed,
  writableFile,
} from '../options.ts';
import { createProgress } from '../progress.ts';
import { makeScratch } from '../scratch.ts';
import { reresolveFile, rivals } from './contender.ts';
import type { Series } from './orders.ts';
import { ordersOf, planSeries } from './orders.ts';
import { runTrials } from './pool.ts';
import type { RecoveryRow } from './row.ts';
import { darkRow, promisedDarkRow, recoveryRows } from './row.ts';
import { renderRecovery, summarizeTrials } from './summary.ts';
import type { TrialResult } from './trial.ts';

interface Flags {
  readonly trials?: number;
  readonly rivalTrials: number;
  readonly parallel: number;
  readonly seed?: number;
  readonly script?: string;
  readonly only?: readonly string[];
  readonly long?: boolean;
  readonly dark?: number;
  readonly json?: string;
  readonly verbose?: boolean;
}

/** What the promise says: at least 100 trials where it is short, and 30 elsewhere. */
const shortTrials = 100;
const longTrials = 30;
/** What a shell reports of a command ended by Ctrl-C. */
const interruptedCode = 130;

const explanation = `
Rows: ${recoveryRows.map(({ name }) => name).join(', ')}; with --long or --dark also ${promisedDarkRow.name}.

Measured from the moment the path goes dark to the first packet that gets through the tunnel both ways.
docs/benchmarks.md says how, and what it does not show. All rows with all trials take about two hours.

Exit code: 0 every target was met, 1 some were not, or not all trials could be made, 2 usage.`;

/** `npm run bench -- recovery`: how long a tunnel is down, with the daemon and with what a user would run instead. */
export const recoveryCommand = new Command('recovery')
  .summary('how long a tunnel is down until the daemon has brought it back')
  .description('Breaks the path under live tunnels and measures how long they are down.')
  .usage('[options]')
  .option(
    '--trials <number>',
    `of each row (default: ${shortTrials} up to 5 s, else ${longTrials})`,
    readCount,
  )
  .option(
    '--rival-trials <number>',
    'of what a user would run instead, 180 s each at the most',
    readCountOrNone,
    5,
  )
  .option('--parallel <number>', 'labs at the same time', readCount, 4)
  .option('--seed <number>', 'of all random moments (default: a new one, which is printed)', readSeed)
  .option('--script <file>', "the article's wireguard_endpoint_manager.py, to be run each 60 s beside")
  .option('--only <rows...>', 'only these rows')
  .option('--long', 'with the row of one hour of darkness; its trials take an hour each')
  .option('--dark <seconds>', 'with that row, and a shorter darkness', readAmount)
  .option('--json <file>', 'write every single trial to this file')
  .option('--verbose', 'print each trial when it is over')
  .helpOption('--help', 'print this help')
  .allowExcessArguments(false)
  .addHelpText('after', explanation)
  .action(async (flags: Flags) => {
    process.exit(await bench(flags));
  });

/** Measures and prints everything; returns the exit code. */
async function bench(flags: Flags): Promise<number> {
  const script = flags.script ? readableFile(flags.script) : null;
  const jsonFile = flags.json === undefined ? null : writableFile(flags.json);
  const rows = chosenRows(flags);
  const missing = await describeMissing();
  if (missing !== null) {
    console.error(missing);
    return 1;
  }
  const seed = flags.seed ?? randomInt(2 ** 32);
  const others = rivals(script);
  const series = planSeries(rows, others, {
    short: flags.trials ?? shortTrials,
    long: flags.trials ?? longTrials,
    dark: flags.trials ?? longTrials,
    rivals: flags.rivalTrials,
  });
  const machine = await describeMachine(script !== null);
  console.log(machineSentence(machine));
  console.log(`Seed ${seed}; ${flags.parallel} labs at the same time; round trip 20 ms.`);
  if (script === null) console.log("The article's script is left out: give its path with --script FILE.");
  if (!others.some(({ name }) => name === 'reresolve-dns'))
    console.log(`reresolve-dns.sh is left out: ${reresolveFile} is not installed.`);

  const loadBefore = loadNow();
  const results = await measure(series, seed, flags);
  const summaries = series.map(({ row, contender, cutOffMs }) =>
    summarizeTrials(row, contender, results, cutOffMs),
  );
  console.log(`\n${renderRecovery(summaries)}`);
  const loadAfter = loadNow();
  console.log(
    `\nLoad of the machine (1 min): ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after.`,
  );
  if (jsonFile !== null) {
    const raw = {
      schema: 1,
      machine,
      seed,
      parallel: flags.parallel,
      loadBefore,
      loadAfter,
      trials: results,
    };
    writeFileSync(jsonFile, `${JSON.stringify(raw, null, 1)}\n`);
    console.log(`Every single trial: ${jsonFile}`);
  }
  const wanted = series.reduce((sum, each) => sum + each.trials, 0);
  if (results.length < wanted)
    console.log(`${wanted - results.length} of ${wanted} trials gave no result; see above.`);
  return results.length === wanted && summaries.every(({ met }) => met !== false) ? 0 : 1;
}

async function measure(
  series: readonly Series[],
  seed: number,
  flags: Flags,
): Promise<readonly TrialResult[]> {
  const directory = makeScratch();
  const orders = ordersOf(series, seed, directory);
  const progress = createProgress(process.stderr);
  let labs: ReadonlySet<Lab> = new Set();
  let stopped = false;
  const cleanUp = () => {
    progress.clear();
    rmSync(directory, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      stopped = true;
      // A lab that is being built is removed by its keeper when this process has ended.
      void Promise.allSettled([...labs].map((lab) => lab.close())).then(() => {
        cleanUp();
        process.exit(interruptedCode);
      });
    });
  try {
    return await runTrials(orders, {
      parallel: flags.parallel,
      stopped: () => stopped,
      owns: (owned) => {
        labs = owned;
      },
      onResult: (result, done) => {
        const took =
          result.recoveredMs === null ? 'not back in time' : `${Math.round(result.recoveredMs)} ms`;
        const line = `${done} of ${orders.length}: ${result.row}, ${result.contender}, trial ${result.trial}: ${took}`;
        if (flags.verbose === true) console.log(line);
        else progress.say(line);
      },
      onVoid: ({ row, contender, trial }, reason) => {
        progress.clear();
        console.log(`No result: ${row.name}, ${contender.name}, trial ${trial}: ${reason}`);
      },
    });
  } finally {
    cleanUp();
  }
}

/** The row of the long darkness only if it is asked for; `--dark` alone measures nothing else. */
function chosenRows({ only, long, dark }: Flags): readonly RecoveryRow[] {
  if (dark !== undefined) {
    const row = darkRow(dark * 1_000);
    return chosen([...recoveryRows, row], only ?? [row.name]);
  }
  return chosen(long === true ? [...recoveryRows, promisedDarkRow] : recoveryRows, only);
}
