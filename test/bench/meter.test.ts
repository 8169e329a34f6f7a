import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measure } from '../../bench/measure.ts';
import { parseMeterResult } from '../../bench/meter/result.ts';
import { runCommand } from '../../lab/command.ts';
import { type CompiledSources, compileSources } from '../host/compiled-sources.ts';

const node = process.execPath;
const mib = 1_048_576;
/** Starts by itself what a test wants measured, without a namespace: the meter needs no rights. */
const machine = { exec: runCommand };

let compiled: CompiledSources | undefined;
let directory = '';

beforeAll(async () => {
  compiled = await compileSources(['bench/meter/main.ts']);
  directory = mkdtempSync(join(tmpdir(), 'wg-reach-meter-'));
}, 60_000);

afterAll(() => {
  compiled?.remove();
  if (directory) rmSync(directory, { recursive: true, force: true });
});

const run = (command: readonly string[], timeoutMs = 30_000) =>
  measure(machine, command, {
    directory,
    timeoutMs,
    meter: join(compiled?.directory ?? '', 'bench/meter/main.js'),
  });

/** Burns CPU time until the process has used that much. */
const burn = (ms: number) => `while (process.cpuUsage().user + process.cpuUsage().system < ${ms * 1_000});`;

describe('the meter', () => {
  it('counts the CPU time of the command, and the wall time, not its own', async () => {
    const busy = await run([node, '-e', burn(600)]);
    expect(busy.userMs + busy.systemMs).toBeGreaterThanOrEqual(600);
    const asleep = await run(['sleep', '0.5']);
    expect(asleep.wallMs).toBeGreaterThanOrEqual(500);
    // The meter is a Node process itself; were it counted, this could not be.
    const started = await run([node, '-e', '']);
    expect(asleep.userMs + asleep.systemMs).toBeLessThan((started.userMs + started.systemMs) / 2);
  });

  it('counts what the command itself has started and waited for', async () => {
    const script = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(burn(500))}])`;
    const { userMs, systemMs } = await run([node, '-e', script]);
    expect(userMs + systemMs).toBeGreaterThanOrEqual(500);
  });

  it('sees the peak of the memory, also when it was given back before the end', async () => {
    const small = await run([node, '-e', '']);
    const large = await run([
      node,
      '--expose-gc',
      '-e',
      `let b = Buffer.alloc(${200 * mib}, 1); b = null; gc()`,
    ]);
    expect(large.code).toBe(0);
    const differenceMib = (large.peakMemoryBytes - small.peakMemoryBytes) / mib;
    expect(differenceMib).toBeGreaterThan(190);
    expect(differenceMib).toBeLessThan(240);
  });

  it('has a floor of memory far below every command of the benchmark', async () => {
    const nothing = await run(['true']);
    const interpreter = await run([node, '-e', '']);
    expect(nothing.peakMemoryBytes).toBeLessThan(interpreter.peakMemoryBytes / 4);
  });

  it('hands on exit code and output of a command that fails', async () => {
    const failed = await run([node, '-e', 'console.log("out"); console.error("err"); process.exit(254)']);
    expect(failed).toMatchObject({ code: 254, stdout: 'out\n', stderr: 'err\n' });
  });

  it('ends a command that does not end by itself', async () => {
    const hanging = await run(['sleep', '60'], 300);
    expect(hanging.code).toBeNull();
    expect(hanging.wallMs).toBeLessThan(10_000);
  });

  it('makes no figures for a command that does not exist', async () => {
    await expect(run(['/nonexistent/program'])).rejects.toThrow('/nonexistent/program');
    expect(existsSync(join(directory, 'meter.json'))).toBe(false);
  });

  it('does not take the figures of an earlier run for those of one that failed', async () => {
    await run(['true']);
    await expect(run(['/nonexistent/program'])).rejects.toThrow('could not be measured');
  });
});

describe('parseMeterResult', () => {
  const good = { code: 0, wallMs: 1, userMs: 2, systemMs: 3, peakMemoryBytes: 4 };

  it('reads what the meter writes', () => {
    expect(parseMeterResult(JSON.stringify(good))).toEqual(good);
    expect(parseMeterResult(JSON.stringify({ ...good, code: null }))?.code).toBeNull();
  });

  it.each(['', 'null', '[]', '{"code":0}', JSON.stringify({ ...good, wallMs: -1 })])('refuses %j', (text) => {
    expect(parseMeterResult(text)).toBeNull();
  });
});
