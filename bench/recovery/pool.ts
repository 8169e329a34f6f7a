import type { Lab } from '../../lab/index.ts';
import { createLab } from '../../lab/index.ts';
import type { Situation } from './situation.ts';
import { host } from './situation.ts';
import type { TrialOrder, TrialResult } from './trial.ts';
import { runTrial } from './trial.ts';

/** How the trials are made. */
export interface PoolOptions {
  /** Labs at the same time. */
  readonly parallel: number;
  /** Told after each trial, and what went wrong with those that gave no result. */
  readonly onResult: (result: TrialResult, done: number) => void;
  readonly onVoid: (order: TrialOrder, reason: string) => void;
  /** Told which labs there are, so that a signal can close them. */
  readonly owns: (labs: ReadonlySet<Lab>) => void;
  /** True: no further trial is begun. */
  readonly stopped: () => boolean;
}

/** A trial that gives no result is made again this often, in a new lab. */
const attempts = 3;

/**
 * Makes all trials, each worker one after the other in a lab of its own, in the given order. A trial that gives no
 * result in three attempts is left out. Never rejects; all labs are gone when it resolves.
 */
export async function runTrials(
  orders: readonly TrialOrder[],
  options: PoolOptions,
): Promise<readonly TrialResult[]> {
  const waiting = [...orders];
  const results: TrialResult[] = [];
  const labs = new Set<Lab>();

  async function close(lab: Lab | null): Promise<void> {
    if (lab === null) return;
    await lab.close();
    labs.delete(lab);
  }

  async function worker(): Promise<void> {
    let lab: Lab | null = null;
    let built: Situation | null = null;
    for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
      if (options.stopped()) break;
      const { situation } = order.row;
      for (let attempt = 0; attempt < attempts && !options.stopped(); attempt += 1) {
        try {
          if (lab === null || built !== situation) {
            await close(lab);
            lab = null;
            lab = await createLab(situation.lab);
            labs.add(lab);
            built = situation;
            lab.writeConfig({ endpointName: host, allowedIps: [`${lab.innerAddress()}/24`] });
            options.owns(labs);
          }
          const result = await runTrial(lab, order);
          results.push(result);
          options.onResult(result, results.length);
          break;
        } catch (error) {
          if (options.stopped()) break;
          options.onVoid(order, error instanceof Error ? error.message : String(error));
          await close(lab);
          lab = null;
        }
      }
    }
    await close(lab);
  }

  await Promise.all(Array.from({ length: Math.min(options.parallel, orders.length) }, worker));
  return results;
}
