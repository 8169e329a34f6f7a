import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { runWorld } from '../run-world.ts';
import { resultText } from './result-text.ts';
import type { WorkerReport } from './worker.ts';

const help = `npm run sim -- [--seed N | --first N] [--count N] [--workers N] [--stop]
  --seed N     replay one world with a readable trace
  --first N    the first of many worlds; default: a new one each time
  --count N    how many; default: until stopped
  --workers N  default: all cores
  --stop       end at the first world that is not fine`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    first: { type: 'string' },
    count: { type: 'string' },
    workers: { type: 'string' },
    stop: { type: 'boolean', default: false },
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

/** Worlds without end on all cores; each worker takes every n-th seed. */
function runMany(first: number, count: number, workers: number): void {
  const begunAtMs = Date.now();
  let worlds = 0;
  let simulatedMs = 0;
  let bad = 0;
  let running = workers;

  const report = (): void => {
    const seconds = (Date.now() - begunAtMs) / 1_000;
    console.log(
      `${worlds} worlds (${(simulatedMs / 3_600_000).toFixed(0)} simulated hours) in ${seconds.toFixed(0)} s, ` +
        `${(worlds / seconds).toFixed(1)} worlds a second, ${bad} not fine`,
    );
  };
  const end = (): void => {
    report();
    process.exit(bad === 0 ? 0 : 1);
  };
  const timer = setInterval(report, 10_000);
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  for (let index = 0; index < workers; index++) {
    const mine = Number.isFinite(count) ? Math.ceil((count - index) / workers) : Number.MAX_SAFE_INTEGER;
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { first: first + index, step: workers, count: mine },
    });
    worker.on('message', (one: WorkerReport) => {
      worlds++;
      simulatedMs += one.simulatedMs;
      if (one.bad === null) return;
      bad++;
      console.log(one.bad);
      if (values.stop) end();
    });
    worker.on('error', (error) => {
      bad++;
      console.error(error);
    });
    worker.on('exit', () => {
      if (--running > 0) return;
      clearInterval(timer);
      end();
    });
  }
}

if (values.help) console.log(help);
else if (values.seed !== undefined) replay(whole('seed', 1));
else
  runMany(
    whole('first', 1 + (Date.now() % 1_000_000_000)),
    whole('count', Number.POSITIVE_INFINITY),
    whole('workers', availableParallelism()),
  );
