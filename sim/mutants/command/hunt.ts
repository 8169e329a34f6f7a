import { parseArgs } from 'node:util';
import { resultText } from '../../command/result-text.ts';
import { createRandom } from '../../random.ts';
import { runWorld } from '../../run-world.ts';
import { worldSwarm } from '../../swarm.ts';
import { mutants } from '../list.ts';

/** What a hunt says at its end, as JSON. */
export interface Hunt {
  /** Seeds of the worlds that were run, in order; the last one caught something if anything did. */
  readonly tried: readonly number[];
  /** What was caught, with the command that shows it again, or null. */
  readonly caught: string | null;
}

const { values } = parseArgs({
  options: { mutant: { type: 'string' }, worlds: { type: 'string' }, seeds: { type: 'string' } },
});

/** The worlds to run: those told, or the first ones in which this mutant can show itself. */
function* seeds(): Generator<number> {
  if (values.seeds !== undefined) {
    yield* values.seeds.split(',').map(Number);
    return;
  }
  const suits = mutants.find(({ name }) => name === values.mutant)?.suits ?? (() => true);
  let left = Number(values.worlds);
  for (let seed = 1; left > 0; seed++) {
    if (!suits(worldSwarm(createRandom(seed)))) continue;
    left--;
    yield seed;
  }
}

const tried: number[] = [];
let caught: string | null = null;
for (const seed of seeds()) {
  tried.push(seed);
  const result = runWorld(seed);
  if (result.kind === 'fine') continue;
  caught = resultText(seed, result);
  break;
}
console.log(JSON.stringify({ tried, caught } satisfies Hunt));
