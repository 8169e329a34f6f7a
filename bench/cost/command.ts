import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { describeMissing } from '../../lab/index.ts';
import { observeConditions } from '../conditions.ts';
import { chosen, fail, readAmount, readCount, writableFile } from '../options.ts';
import type { Session } from '../session.ts';
import { openSession } from '../session.ts';
import type { FarSide, FleetCost } from './fleet.ts';
import { fleetLimit, measureFleet } from './fleet.ts';
import type { Keeper, OnePeerCost } from './one-peer.ts';
import { measureOnePeer } from './one-peer.ts';
import type { CostReport } from './report.ts';
import { isWithinTargets, renderCostReport } from './report.ts';

interface Flags {
  readonly minutes: number;
  readonly fleetMinutes: number;
  readonly settle: number;
  readonly peers: readonly number[];
  readonly farSide: FarSide;
  readonly only?: readonly string[];
  readonly json?: string;
}

const parts = [{ name: 'one-peer' }, { name: 'fleet' }];
const keepers: readonly Keeper[] = ['nobody', 'metered', 'balanced', 'fast'];
const fleetSizes = [200, 400, 1_000];

const explanation = `
Parts: one-peer (bytes on the wire, CPU and memory with one idle tunnel, for each profile and with nobody), fleet
(CPU and memory with many idle peers on one interface).
Figures for an hour are extrapolated from the minutes measured. docs/benchmarks.md says how and what it means.

Exit code: 0 every target was met, 1 some were not, or something could not be measured, 2 usage.`;

/** `npm run bench -- cost`: what the daemon costs while nothing is wrong. */
export const costCommand = new Command('cost')
  .summary('what the daemon costs while nothing is wrong')
  .description('Measures bytes on the wire, CPU time and memory of the daemon on idle tunnels.')
  .usage('[options]')
  .option('--minutes <number>', 'how long one tunnel is measured, all profiles at once', readAmount, 10)
  .option('--fleet-minutes <number>', 'how long each fleet is measured, one after the other', readAmount, 5)
  .option('--settle <seconds>', 'left out at the beginning: what the start costs', readAmount, 75)
  .option(
    '--peers <numbers...>',
    `sizes of the fleets, up to ${fleetLimit} (default: ${fleetSizes.join(' ')})`,
    (text: string, before: readonly number[]) => [...(before === fleetSizes ? [] : before), readCount(text)],
    fleetSizes,
  )
  .addOption(
    new Option(
      '--far-side <kind>',
      'one process that plays all servers of a fleet, or a wireguard-go for each, on a large machine',
    )
      .choices(['played', 'wireguard'])
      .default('played'),
  )
  .option('--only <parts...>', `only these parts: ${parts.map(({ name }) => name).join(', ')}`)
  .option('--json <file>', 'write all figures to this file')
  .helpOption('--help', 'print this help')
  .allowExcessArguments(false)
  .addHelpText('after', explanation)
  .action(async (flags: Flags) => {
    process.exit(await bench(flags));
  });

/** Measures and prints everything; returns the exit code. */
async function bench(flags: Flags): Promise<number> {
  const jsonFile = flags.json ? writableFile(flags.json) : null;
  const tooMany = flags.peers.find((peers) => peers > fleetLimit);
  if (tooMany !== undefined) fail(`--peers is ${tooMany}: expected at most ${fleetLimit}.`);
  const wanted = chosen(parts, flags.only).map(({ name }) => name);
  const missing = await describeMissing();
  if (missing !== null) {
    console.error(missing);
    return 1;
  }
  const conditions = await observeConditions(false);
  const session = openSession(keepers.length);
  const failures: string[] = [];
  try {
    const onePeer = wanted.includes('one-peer') ? await measureKeepers(flags, session, failures) : [];
    const fleets = wanted.includes('fleet') ? await measureFleets(flags, session, failures) : [];
    const report: CostReport = {
      schema: 2,
      kind: 'cost',
      conditions: conditions(),
      settledMs: flags.settle * 1_000,
      onePeer,
      fleets,
    };
    session.print(`\n${renderCostReport(report)}`);
    if (jsonFile !== null) writeFileSync(jsonFile, `${JSON.stringify(report, null, 1)}\n`);
    return failures.length === 0 && isWithinTargets(report) ? 0 : 1;
  } finally {
    session.end();
  }
}

/** One idle tunnel for each profile, at the same time. */
async function measureKeepers(
  flags: Flags,
  session: Session,
  failures: string[],
): Promise<readonly OnePeerCost[]> {
  session.progress.say('one idle tunnel, four labs');
  const options = {
    lastsMs: flags.minutes * 60_000,
    settleMs: flags.settle * 1_000,
    directory: session.directory,
    session,
  };
  const costs = await Promise.all(
    keepers.map((keeper) => attempt(keeper, () => measureOnePeer(keeper, options), session, failures)),
  );
  return costs.filter((cost) => cost !== null);
}

/** One fleet after the other: each has the machine to itself. */
async function measureFleets(
  flags: Flags,
  session: Session,
  failures: string[],
): Promise<readonly FleetCost[]> {
  const fleets: FleetCost[] = [];
  for (const peers of flags.peers) {
    const options = {
      lastsMs: flags.fleetMinutes * 60_000,
      settleMs: flags.settle * 1_000,
      directory: session.directory,
      session,
    };
    const size = { peers, farSide: flags.farSide };
    const say = (text: string) => session.progress.say(`${peers} peers: ${text}`);
    const cost = await attempt(`${peers} peers`, () => measureFleet(size, options, say), session, failures);
    if (cost !== null) fleets.push(cost);
  }
  return fleets;
}

async function attempt<T>(
  what: string,
  measure: () => Promise<T>,
  session: Session,
  failures: string[],
): Promise<T | null> {
  try {
    return await measure();
  } catch (error) {
    failures.push(what);
    session.print(`Not measured: ${what}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
