import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { describeMissing } from '../../lab/index.ts';
import { observeConditions } from '../conditions.ts';
import {
  chosen,
  fail,
  readAmount,
  readableFile,
  readCount,
  readCountOrNone,
  readSeed,
  writableFile,
} from '../options.ts';
import type { Session } from '../session.ts';
import { openSession } from '../session.ts';
import { reresolveFile, rivals } from './contender.ts';
import type { Series } from './orders.ts';
import { ordersOf, planSeries } from './orders.ts';
import { runTrials } from './pool.ts';
import type { RecoveryReport } from './report.ts';
import { lineOf, renderRecoveryReport, summariesOf } from './report.ts';
import type { RecoveryRow } from './row.ts';
import { darkRow, promisedDarkRow, recoveryRows } from './row.ts';
import type { TrialOrder, TrialResult } from './trial.ts';

interface Flags {
  readonly trials?: number;
  readonly rivalTrials: number;
  readonly labs: number;
  readonly seed?: number;
  readonly script?: string;
  readonly only?: readonly string[];
  readonly darkMinutes?: number;
  readonly json?: string;
  readonly verbose?: boolean;
}

/** What the promise says: at least 100 trials where it is short, and 30 elsewhere. */
const shortTrials = 100;
const longTrials = 30;
/** On two cores, more labs than this make the daemons late: docs/benchmarks.md says how that was found. */
const labsAtOnce = 8;
/** The rivals sleep between their runs, and nobody minds if one is late by a tenth of a second. */
const rivalLabsFactor = 3;

const explanation = `
Rows: ${recoveryRows.map(({ name }) => name).join(', ')}; with --dark-minutes instead: ${promisedDarkRow.name}.

Measured from the moment the path goes dark to the first packet that gets through the tunnel both ways.
docs/benchmarks.md says how, what it does not show, and how long it takes.

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
    10,
  )
  .option(
    '--labs <number>',
    `labs at the same time; ${rivalLabsFactor} times as many for the rivals, all trials at once for the darkness`,
    readCount,
    labsAtOnce,
  )
  .option('--seed <number>', 'of all random moments (default: a new one, which is printed)', readSeed)
  .option('--script <file>', "the article's wireguard_endpoint_manager.py, to be run each 60 s beside")
  .option('--only <rows...>', 'only these rows')
  .option(
    '--dark-minutes <number>',
    'only the row of the long darkness, all its trials at once; 60 were promised',
    readAmount,
  )
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
    rivals: flags.rivalTrials,
  });
  const wanted = series.reduce((sum, each) => sum + each.trials, 0);
  const labs = Math.min(wanted, flags.darkMinutes === undefined ? flags.labs : wanted);
  console.log(`Seed ${seed}; ${labs} labs at the same time; ${wanted} trials.`);
  if (script === null) console.log("The article's script is left out: give its path with --script FILE.");
  if (!others.some(({ name }) => name === 'reresolve-dns'))
    console.log(`reresolve-dns.sh is left out: ${reresolveFile} is not installed.`);

  const conditions = await observeConditions(script !== null);
  const session = openSession(labs * rivalLabsFactor);
  const trials = await measure(series, { seed, labs, verbose: flags.verbose === true }, session);
  const lines = series.map(lineOf);
  const report: RecoveryReport = {
    schema: 2,
    kind: 'recovery',
    conditions: conditions(),
    seed,
    labs,
    lines,
    trials,
  };
  console.log(`\n${renderRecoveryReport(report)}`);
  if (jsonFile !== null) {
    writeFileSync(jsonFile, `${JSON.stringify(report, null, 1)}\n`);
    console.log(`\nEvery single trial: ${jsonFile}`);
  }
  return trials.length === wanted && summariesOf(report).every(({ met }) => met !== false) ? 0 : 1;
}

async function measure(
  series: readonly Series[],
  options: { readonly seed: number; readonly labs: number; readonly verbose: boolean },
  session: Session,
): Promise<readonly TrialResult[]> {
  const orders = ordersOf(series, options.seed, session.directory);
  const isOurs = ({ contender }: TrialOrder) => contender.name === 'wg-reach';
  let done = 0;
  const make = (some: readonly TrialOrder[], labs: number) =>
    runTrials(some, {
      labs,
      session,
      onResult: (result) => {
        done += 1;
        const took =
          result.recoveredMs === null ? 'not back in time' : `${Math.round(result.recoveredMs)} ms`;
        const line = `${done} of ${orders.length}: ${result.row}, ${result.contender}, trial ${result.trial}: ${took}`;
        if (options.verbose) session.print(line);
        else session.progress.say(line);
      },
      onVoid: ({ row, contender, trial }, reason) =>
        session.print(`No result: ${row.name}, ${contender.name}, trial ${trial}: ${reason}`),
    });
  try {
    const ours = await make(orders.filter(isOurs), options.labs);
    const theirs = await make(
      orders.filter((order) => !isOurs(order)),
      options.labs * rivalLabsFactor,
    );
    return [...ours, ...theirs];
  } finally {
    session.end();
  }
}

/** The long darkness is a run of its own: its trials all wait at the same time, and the others would wait for them. */
function chosenRows({ only, darkMinutes }: Flags): readonly RecoveryRow[] {
  if (darkMinutes === undefined) return chosen(recoveryRows, only);
  if (only !== undefined) fail('--dark-minutes measures one row alone: leave --only out.');
  return [darkRow(darkMinutes * 60_000)];
}
