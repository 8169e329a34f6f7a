/**
 * Cleans up after a process that made labs and was killed: waits for the end of its standard input, whose
 * other end only that process holds, then for its death, then removes every lab without a living owner.
 */
import { readSync } from 'node:fs';
import { sweepDeadLabs } from '../registry.ts';

const ownerPid = Number(process.argv[2]);
// The pipe closes a moment before the process is gone. One that closed the pipe and lives on is left alone.
const patienceMs = 60_000;
const standardInput = 0;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const buffer = Buffer.alloc(64);
while (readSync(standardInput, buffer) > 0);

const deadlineMs = performance.now() + patienceMs;
while (isAlive(ownerPid) && performance.now() < deadlineMs) {
  await sweepDeadLabs();
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await sweepDeadLabs();
