/**
 * Runs one command as its only child and writes what it cost: `meter/main.js RESULT TIMEOUT_MS COMMAND [ARGUMENT…]`.
 * A process of its own for each run, because the operating system adds up what all children of a process used.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { MeterResult } from './result.ts';
import { openChildrenUsage } from './usage.ts';

const [resultFile = '', timeoutMs = '', program = '', ...args] = process.argv.slice(2);
const childrenUsage = openChildrenUsage();

const startedMs = performance.now();
const ended = spawnSync(program, args, {
  stdio: ['ignore', 'inherit', 'inherit'],
  timeout: Number(timeoutMs),
  killSignal: 'SIGKILL',
});
const wallMs = performance.now() - startedMs;

if (ended.error && ended.pid === 0) {
  console.error(`${program} could not be started: ${ended.error.message}`);
  process.exit(1);
}
const result: MeterResult = { code: ended.status, wallMs, ...childrenUsage() };
writeFileSync(resultFile, JSON.stringify(result));
