import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runWorld } from '../run-world.ts';
import { runMany } from './many.ts';
import { resultText } from './result-text.ts';

const help = `npm run sim -- [--seed N | --first N] [--count N] [--workers N] [--stop] [--transitions]
  --seed N     replay one world with a readable trace
  --first N    the first of many worlds; default: a new one each time
  --count N    how many; default: until stopped
  --workers N  default: all cores
  --stop       end at the first world that is not fine
  --transitions  fail unless every transition of the core's tables was made`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    first: { type: 'string' },
    count: { type: 'string' },
    workers: { type: 'string' },
    stop: { type: 'boolean', default: false },
    transitions: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function whole(name: 'seed' | 'first' | 'count' | 'workers', fallback: number): number {
  const text = values[name];
  if (text === undefined) return fallback;
  if (!/^\d{1,15}$/.test(text) || (name !== 'seed' && Number(text) === 0)) {
    console.error(`--${name} ${text}: expected a whole number`);
    process.exit(2);
  }
  return Number(text);
}

function replay(seed: number): void {
  const result = runWorld(seed, (line) => console.log(line));
  console.log(resultText(seed, result));
  process.exitCode = result.kind === 'fine' ? 0 : 1;
}

if (values.help) console.log(help);
else if (values.seed !== undefined) replay(whole('seed', 1));
else
  runMany({
    first: whole('first', 1 + (Date.now() % 1_000_000_000)),
    count: whole('count', Number.POSITIVE_INFINITY),
    workers: whole('workers', availableParallelism()),
    stop: values.stop,
    transitions: values.transitions,
  });
