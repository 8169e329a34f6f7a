import type { Machine } from './machine.ts';
import { describeMachine, loadNow, machineSentence } from './machine.ts';
import { startPressure } from './pressure.ts';

/** Where and when figures were measured. */
export interface Conditions {
  readonly machine: Machine;
  /** ISO 8601, UTC. */
  readonly beganAt: string;
  readonly tookMs: number;
  /** Processes that ran or wanted to, on average over one minute, before and after. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Share of the time in which some process waited for the CPU, 0 to 1; null where the kernel does not tell. */
  readonly cpuWaitShare: number | null;
}

/** Looks at the machine now; what is returned looks again at the end and says what lay between. */
export async function observeConditions(withPython: boolean): Promise<() => Conditions> {
  const machine = await describeMachine(withPython);
  const beganMs = Date.now();
  const loadBefore = loadNow();
  const pressure = startPressure();
  return () => ({
    machine,
    beganAt: new Date(beganMs).toISOString(),
    tookMs: Date.now() - beganMs,
    loadBefore,
    loadAfter: loadNow(),
    cpuWaitShare: pressure(),
  });
}

/** The conditions as a short paragraph. */
export function conditionsText(conditions: Conditions): string {
  const { machine, beganAt, tookMs, loadBefore, loadAfter, cpuWaitShare } = conditions;
  const build = machine.commit === null ? '' : ` Commit ${machine.commit}.`;
  const waited =
    cpuWaitShare === null
      ? ''
      : `; in ${(cpuWaitShare * 100).toFixed(0)} % of the time something waited for the CPU`;
  return (
    `${machineSentence(machine)}${build} Began ${beganAt.slice(0, 16)}Z, took ${Math.round(tookMs / 60_000)} min. ` +
    `Load of the machine (1 min): ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after${waited}.`
  );
}
