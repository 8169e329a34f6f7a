import { parentPort, workerData } from 'node:worker_threads';
import { runWorld } from '../run-world.ts';
import { resultText } from './result-text.ts';
import { watchTransitionTables } from './transition-watch.ts';

/** What a worker says of each world. */
export interface WorkerReport {
  readonly seed: number;
  readonly bad: string | null;
  readonly simulatedMs: number;
  /** How long the tunnel took to be up after the last fault; 0 for a world that is not fine. */
  readonly recoveredMs: number;
  /** Transitions of the core's tables that this worker made for the first time. */
  readonly transitions: readonly string[];
}

const { first, step, count } = workerData as { first: number; step: number; count: number };
const made = watchTransitionTables();
const told = new Set<string>();
for (let index = 0; index < count; index++) {
  const seed = first + index * step;
  const result = runWorld(seed);
  const transitions = [...made].filter((one) => !told.has(one));
  for (const one of transitions) told.add(one);
  const report: WorkerReport = {
    seed,
    bad: result.kind === 'fine' ? null : resultText(seed, result),
    simulatedMs: result.kind === 'fine' ? result.simulatedMs : result.atMs,
    recoveredMs: result.kind === 'fine' ? result.recoveredMs : 0,
    transitions,
  };
  parentPort?.postMessage(report);
}
