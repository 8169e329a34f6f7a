import type { Lab } from '../../lab/index.ts';
import { createLab } from '../../lab/index.ts';
import type { Session } from '../session.ts';
import { createTurnstile } from '../turnstile.ts';
import type { Situation } from './situation.ts';
import { host } from './situation.ts';
import type { TrialOrder, TrialResult } from './trial.ts';
import { runTrial } from './trial.ts';

/** How the trials are made. */
export interface PoolOptions {
  /** Labs at the same time. */
  readonly labs: number;
  readonly session: Session;
  /** Told after each trial, and what went wrong with those that gave no result. */
  readonly onResult: (result: TrialResult) => void;
  readonly onVoid: (order: TrialOrder, reason: string) => void;
}

/** A trial that gives no result is made again this often, in a new lab. */
const attempts = 3;
/** A lab is some thirty processes in its first seconds: thirty labs at a time would starve each other. */
const builtAtOnce = 2;

/**
 * Makes all trials, each worker one after the other in a lab of its own, in the given order. A trial that gives no
 * result in three attempts is left out. Never rejects; all labs are gone when it resolves.
 */
export async function runTrials(
  orders: readonly TrialOrder[],
  { labs, session, onResult, onVoid }: PoolOptions,
): Promise<readonly TrialResult[]> {
  const waiting = [...orders];
  const results: TrialResult[] = [];
  const building = createTurnstile(builtAtOnce);

  async function open(situation: Situation): Promise<Lab> {
    const lab = await building(() => createLab(situation.lab));
    session.owns(lab);
    lab.writeConfig({ endpointName: host, allowedIps: [`${lab.innerAddress()}/24`] });
    return lab;
  }

  async function close(lab: Lab | null): Promise<void> {
    if (lab === null) return;
    await lab.close();
    session.disowns(lab);
  }

  async function worker(): Promise<void> {
    let lab: Lab | null = null;
    let built: Situation | null = null;
    for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
      if (session.stopped()) break;
      const { situation } = order.row;
      for (let attempt = 0; attempt < attempts && !session.stopped(); attempt += 1) {
        try {
          if (lab === null || built !== situation) {
            await close(lab);
            lab = null;
            lab = await open(situation);
            built = situation;
          }
          const result = await runTrial(lab, order);
          results.push(result);
          onResult(result);
          break;
        } catch (error) {
          if (session.stopped()) break;
          onVoid(order, error instanceof Error ? error.message : String(error));
          await close(lab);
          lab = null;
        }
      }
    }
    await close(lab);
  }

  await Promise.all(Array.from({ length: Math.min(labs, orders.length) }, worker));
  return results;
}
