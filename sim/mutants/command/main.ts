import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Mutant, mutants } from '../list.ts';
import type { Hunt } from './hunt.ts';
import { plant, runNode } from './plant.ts';

const help = `npm run mutants -- [--worlds N] [--only TEXT] [--workers N]
  Each bug of the list is built into a copy of the engine, and worlds are run until one of them catches it. Then the
  engine as it is must pass all worlds that were run.
  --worlds N   at most so many worlds for each bug; default 60
  --only TEXT  only bugs whose name has this text
  --workers N  default: all cores`;

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
    workers: { type: 'string', default: String(availableParallelism()) },
    help: { type: 'boolean', default: false },
  },
});
const checkout = process.cwd();
const workers = Math.max(1, Number(values.workers));
/** A mutant may run in circles; nobody waits for that. */
const limitMs = 240_000;

/** Does all of it, so many at a time. */
async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return results;
}

async function hunt(directory: string, args: readonly string[]): Promise<Hunt> {
  const ran = await runNode(['dist/sim/mutants/command/hunt.js', ...args], directory, limitMs);
  if (ran.code === null) return { tried: [], caught: `it did not end within ${limitMs / 1_000} s` };
  if (ran.code !== 0) throw new Error(`the simulator did not run: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Hunt;
}

async function withCopy(edits: Mutant['edits'], use: (directory: string) => Promise<Hunt>): Promise<Hunt> {
  const directory = await plant(checkout, edits, limitMs);
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const chosen = mutants.filter(({ name }) => name.includes(values.only));
  const hunts = await inParallel(chosen, async ({ name, edits }) => {
    const found = await withCopy(edits, (directory) =>
      hunt(directory, ['--mutant', name, '--worlds', values.worlds]),
    );
    console.log(`${found.caught === null ? 'SURVIVED' : 'caught  '} ${name}: ${found.caught ?? ''}`);
    return found;
  });
  // A simulator that complains of the sound engine, too, catches nothing.
  const worlds = [...new Set(hunts.flatMap(({ tried }) => tried))].sort((a, b) => a - b);
  const shares = Array.from({ length: workers }, (_, share) =>
    worlds.filter((_, index) => index % workers === share),
  ).filter((share) => share.length > 0);
  const sound = await inParallel(shares, (share) =>
    withCopy([], (directory) => hunt(directory, ['--seeds', share.join(',')])),
  );
  const complaints = sound.flatMap(({ caught }) => caught ?? []);
  for (const complaint of complaints)
    console.log(`the engine without any of the bugs is not fine: ${complaint}`);
  const survivors = hunts.filter(({ caught }) => caught === null).length;
  const caught = hunts.length - survivors;
  console.log(`${caught} of ${hunts.length} caught; ${worlds.length} worlds were run with and without them`);
  return survivors === 0 && complaints.length === 0 ? 0 : 1;
}

if (values.help) console.log(help);
else process.exitCode = await main();
