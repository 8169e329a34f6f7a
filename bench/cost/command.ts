import { rmSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Lab } from '../../lab/index.ts';
import { describeMissing } from '../../lab/index.ts';
import { describeMachine, loadNow, machineSentence } from '../machine.ts';
import { chosen, fail, readAmount, readCount, readCountOrNone, writableFile } from '../options.ts';
import { createProgress } from '../progress.ts';
import { makeScratch } from '../scratch.ts';
import type { FleetCost, FleetSize } from './fleet.ts';
import { feasibleAnswering, fleetLimit, measureFleet } from './fleet.ts';
import type { Keeper, OnePeerCost } from './one-peer.ts';
import { measureOnePeer } from './one-peer.ts';
import { renderFleet, renderOnePeer, summarizeFleet, summarizeOnePeer } from './summary.ts';

interface Flags {
  readonly minutes: number;
  readonly settle: number;
  readonly peers: number;
  readonly answering?: number;
  readonly only?: readonly string[];
  readonly json?: string;
}

const parts = [{ name: 'one-peer' }, { name: 'fleet' }];
const keepers: readonly Keeper[] = ['nobody', 'metered', 'balanced', 'fast'];
/** What a shell reports of a command ended by Ctrl-C. */
const interruptedCode = 130;

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
  .option('--minutes <number>', 'how long each part is measured', readAmount, 10)
  .option('--settle <seconds>', 'left out at the beginning: what the start costs', readAmount, 75)
  .option('--peers <number>', `of the fleet, up to ${fleetLimit}; 0 for no fleet`, readCountOrNone, 1_000)
  .option(
    '--answering <number>',
    'of these, so many answer (default: as many as have room in memory)',
    readCount,
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
  if (flags.peers > fleetLimit) fail(`--peers is ${flags.peers}: expected at most ${fleetLimit}.`);
  const wanted = chosen(parts, flags.only).map(({ name }) => name);
  const missing = await describeMissing();
  if (missing !== null) {
    console.error(missing);
    return 1;
  }
  const machine = await describeMachine(false);
  const directory = makeScratch();
  const progress = createProgress(process.stderr);
  const labs = new Set<Lab>();
  const cleanUp = () => {
    progress.clear();
    rmSync(directory, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      // A lab that is being built is removed by its keeper when this process has ended.
      void Promise.allSettled([...labs].map((lab) => lab.close())).then(() => {
        cleanUp();
        process.exit(interruptedCode);
      });
    });
  const options = {
    lastsMs: flags.minutes * 60_000,
    settleMs: flags.settle * 1_000,
    directory,
    owns: (lab: Lab) => void labs.add(lab),
  };
  const loadBefore = loadNow();
  console.log(machineSentence(machine));
  console.log(`Measured for ${flags.minutes} min, after ${flags.settle} s that are not counted.`);
  const onePeer: OnePeerCost[] = [];
  const fleets: FleetCost[] = [];
  let failures = 0;
  const attempt = async <T>(what: string, measure: () => Promise<T>): Promise<T | null> => {
    try {
      return await measure();
    } catch (error) {
      failures += 1;
      progress.clear();
      console.log(`Not measured: ${what}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };
  try {
    if (wanted.includes('one-peer')) {
      progress.say('one idle tunnel, four labs');
      const costs = await Promise.all(
        keepers.map((keeper) => attempt(keeper, () => measureOnePeer(keeper, options))),
      );
      onePeer.push(...costs.filter((cost) => cost !== null));
      progress.clear();
      console.log(
        `\nOne idle tunnel over IPv6, keepalive 25 s:\n\n${renderOnePeer(summarizeOnePeer(onePeer))}`,
      );
    }
    const kernel = machine.wireguard === 'kernel';
    for (const size of wanted.includes('fleet') ? fleetSizes(flags, kernel) : []) {
      const name = `${size.peers} peers, ${size.answering} answer`;
      const cost = await attempt(name, () =>
        measureFleet(size, options, (text) => progress.say(`${name}: ${text}`)),
      );
      if (cost !== null) fleets.push(cost);
    }
    progress.clear();
    if (fleets.length > 0)
      console.log(`\nIdle peers on one interface, balanced:\n\n${renderFleet(fleets.map(summarizeFleet))}`);
  } finally {
    cleanUp();
  }
  const loadAfter = loadNow();
  console.log(
    `\nLoad of the machine (1 min): ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after.`,
  );
  if (jsonFile !== null)
    writeFileSync(
      jsonFile,
      `${JSON.stringify({ schema: 1, machine, loadBefore, loadAfter, onePeer, fleets }, null, 1)}\n`,
    );
  const unmet = [
    ...summarizeOnePeer(onePeer).flatMap((line) => [line.wireMet, line.memoryMet]),
    ...fleets.map((cost) => summarizeFleet(cost).met),
  ].some((met) => met === false);
  return failures > 0 || unmet ? 1 : 0;
}

/** All that are configured answer; where there is no room for so many, as many as there is, and then all configured. */
function fleetSizes(flags: Flags, kernel: boolean): readonly FleetSize[] {
  const { peers } = flags;
  if (peers === 0) return [];
  const answering = Math.min(peers, flags.answering ?? feasibleAnswering(peers, kernel));
  const all = answering === 0 ? [] : [{ peers: answering, answering }];
  return answering === peers ? all : [...all, { peers, answering }];
}
