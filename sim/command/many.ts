import { Worker } from 'node:worker_threads';
import { transitionsMissing } from './transition-watch.ts';
import type { WorkerReport } from './worker.ts';

/** Which worlds to run, and when to stop. */
export interface ManyOptions {
  readonly first: number;
  /** May be infinite. */
  readonly count: number;
  readonly workers: number;
  /** End at the first world that is not fine. */
  readonly stop: boolean;
  /** Fail unless every transition of the core's tables was made. */
  readonly transitions: boolean;
}

const reportEachMs = 10_000;

/**
 * Runs worlds on several cores, each worker every n-th seed, and prints a line for each that is not fine and one for
 * all of them now and then. Ends the process with code 0 if all was well, else 1.
 */
export function runMany(options: ManyOptions): void {
  const { first, count, workers } = options;
  const begunAtMs = Date.now();
  const made = new Set<string>();
  let worlds = 0;
  let simulatedMs = 0;
  let slowestMs = 0;
  let bad = 0;
  let running = workers;

  const report = (): void => {
    const seconds = (Date.now() - begunAtMs) / 1_000;
    const cpuSeconds = process.cpuUsage().user / 1_000_000;
    console.log(
      `${worlds} worlds from seed ${first} (${(simulatedMs / 86_400_000).toFixed(1)} simulated days) in ` +
        `${seconds.toFixed(0)} s and ${cpuSeconds.toFixed(0)} CPU s, ${(worlds / seconds).toFixed(1)} worlds a second; ` +
        `slowest recovery ${(slowestMs / 1_000).toFixed(0)} s; ${bad} not fine`,
    );
  };
  const end = (complete: boolean): void => {
    report();
    const missing = options.transitions && complete ? transitionsMissing(made) : [];
    for (const one of missing) console.log(`no world made this transition: ${one}`);
    process.exit(bad === 0 && missing.length === 0 ? 0 : 1);
  };
  const take = (one: WorkerReport): void => {
    worlds++;
    simulatedMs += one.simulatedMs;
    slowestMs = Math.max(slowestMs, one.recoveredMs);
    for (const transition of one.transitions) made.add(transition);
    if (one.bad === null) return;
    bad++;
    console.log(one.bad);
    if (options.stop) end(false);
  };

  const timer = setInterval(report, reportEachMs);
  process.once('SIGINT', () => end(false));
  process.once('SIGTERM', () => end(false));
  for (let index = 0; index < workers; index++) {
    const mine = Number.isFinite(count) ? Math.ceil((count - index) / workers) : Number.MAX_SAFE_INTEGER;
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { first: first + index, step: workers, count: mine },
    });
    worker.on('message', take);
    worker.on('error', (error) => {
      bad++;
      console.error(error);
    });
    worker.on('exit', () => {
      if (--running > 0) return;
      clearInterval(timer);
      end(true);
    });
  }
}
