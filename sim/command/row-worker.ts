import { parentPort, workerData } from 'node:worker_threads';
import { liveDay } from '../living-day.ts';
import type { Row } from './rows.ts';

/** Every `step`th day of a row. */
interface Share extends Row {
  readonly first: number;
  readonly step: number;
  readonly last: number;
}

const { weather, profile, first, step, last } = workerData as Share;
for (let seed = first; seed <= last; seed += step)
  parentPort?.postMessage(liveDay({ weather, profile, seed }));
