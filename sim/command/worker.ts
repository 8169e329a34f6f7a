import { parentPort, workerData } from 'node:worker_threads';
import { runWorld } from '../run-world.ts';
import { resultText } from './result-text.ts';

/** What a worker says of each world. */
export interface WorkerReport {
  readonly seed: number;
  readonly bad: string | null;
  readonly simulatedMs: number;
}

const { first, step, count } = workerData as { first: number; step: number; count: number };
for (let index = 0; index < count; index++) {
  const seed = first + index * step;
  const result = runWorld(seed);
  const report: WorkerReport = {
    seed,
    bad: result.kind === 'fine' ? null : resultText(seed, result),
    simulatedMs: result.kind === 'fine' ? result.simulatedMs : result.atMs,
  };
  parentPort?.postMessage(report);
}
