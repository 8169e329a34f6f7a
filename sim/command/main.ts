import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { profiles } from '../../src/core/profile.ts';
import { runWorld } from '../run-world.ts';
import { weathers } from '../weather.ts';
import { runMany } from './many.ts';
import { resultText } from './result-text.ts';
import { liveRow, type Row, replayDay } from './rows.ts';

const help = `npm run sim -- [--seed N | --first N] [--count N] [--workers N] [--stop] [--transitions]
  --seed N     replay one world with a readable trace
  --first N    the first of many worlds; default: a new one each time
  --count N    how many; default: until stopped
  --workers N  default: all cores
  --stop       end at the first world that is not fine
  --transitions  fail unless every transition of the core's tables was made

npm run sim -- --row NAME [--profile fast|balanced|metered] [--days N | --seed N] [--workers N]
  --row NAME   simulated days on a path that is alive, whatever its weather: how often is it left?
               ${weathers.join(', ')}
  --days N     how many; default 10
  --seed N     replay one of them with a readable trace`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    first: { type: 'string' },
    count: { type: 'string' },
    workers: { type: 'string' },
    stop: { type: 'boolean', default: false },
    transitions: { type: 'boolean', default: false },
    row: { type: 'string' },
    profile: { type: 'string', default: 'balanced' },
    days: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function whole(name: 'seed' | 'first' | 'count' | 'workers' | 'days', fallback: number): number {
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

function chosenRow(name: string): Row {
  const weather = weathers.find((one) => one === name);
  const profile = Object.values(profiles).find((one) => one.name === values.profile);
  if (weather && profile) return { weather, profile: profile.name };
  console.error(
    weather ? `--profile ${values.profile}: there is no such profile` : `--row ${name}: there is no such row`,
  );
  process.exit(2);
}

if (values.help) console.log(help);
else if (values.row !== undefined) {
  const row = chosenRow(values.row);
  const fine =
    values.seed === undefined
      ? await liveRow(row, whole('days', 10), whole('workers', availableParallelism()))
      : replayDay(row, whole('seed', 1));
  process.exitCode = fine ? 0 : 1;
} else if (values.seed !== undefined) replay(whole('seed', 1));
else
  runMany({
    first: whole('first', 1 + (Date.now() % 1_000_000_000)),
    count: whole('count', Number.POSITIVE_INFINITY),
    workers: whole('workers', availableParallelism()),
    stop: values.stop,
    transitions: values.transitions,
  });
