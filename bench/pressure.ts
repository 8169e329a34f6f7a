import { readFileSync } from 'node:fs';

/** Reads the share of the time since `startPressure` in which at least one process waited for the CPU; 0 to 1. */
export type PressureReader = () => number | null;

const pressureFile = '/proc/pressure/cpu';

/**
 * Begins to watch how contended the CPU is. What is measured beside other work comes late by that much. The load
 * average says less: it counts the processes that run, too. The reader returns null where the kernel does not tell.
 */
export function startPressure(file = pressureFile): PressureReader {
  const before = waitedUs(file);
  const beganMs = performance.now();
  return () => {
    const after = waitedUs(file);
    const tookUs = (performance.now() - beganMs) * 1_000;
    return before === null || after === null || tookUs <= 0 ? null : (after - before) / tookUs;
  };
}

function waitedUs(file: string): number | null {
  try {
    const total = /^some .*total=(\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1];
    return total === undefined ? null : Number(total);
  } catch {
    return null;
  }
}
