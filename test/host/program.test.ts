import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { runProgram, runProgramBytes } from '../../src/host/program.ts';

const directory = mkdtempSync(join(tmpdir(), 'wg-reach-program-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The programs under test are shell scripts only here, in the test. */
function script(text: string): string {
  const file = join(directory, `script-${Math.random().toString(36).slice(2)}`);
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

async function isAlive(pid: number): Promise<boolean> {
  // A killed child is a zombie until it has been waited for.
  for (let tries = 0; tries < 40; tries += 1) {
    if (!existsSync(`/proc/${pid}/stat`)) return false;
    await sleep(25);
  }
  return true;
}

test('gives code, output, and errors apart', async () => {
  const result = await runProgram(script('echo out; echo err >&2; exit 3'), [], { timeoutMs: 5_000 });
  expect(result).toEqual({ kind: 'exited', code: 3, stdout: 'out\n', stderr: 'err\n', truncated: false });
});

test('passes arguments as they are and never through a shell', async () => {
  const args = ['$HOME', '; echo no', 'a b', '`id`', ''];
  const result = await runProgram('printf', ['%s|%s|%s|%s|%s', ...args], { timeoutMs: 5_000 });
  expect(result).toMatchObject({ kind: 'exited', code: 0, stdout: args.join('|') });
});

test('writes the input and closes it; without one the input is empty', async () => {
  const given = await runProgram('cat', [], { timeoutMs: 5_000, input: 'secret' });
  expect(given).toMatchObject({ kind: 'exited', stdout: 'secret' });
  expect(await runProgram('cat', [], { timeoutMs: 5_000 })).toMatchObject({ kind: 'exited', stdout: '' });
});

test('an open file as input can be opened by name, as `wg` does, and stays open here', async () => {
  const file = join(directory, 'input');
  writeFileSync(file, 'secret');
  const fd = openSync(file, 'r');
  const run = () => runProgram('cat', ['/dev/stdin'], { timeoutMs: 5_000, inputFd: fd });
  expect(await run()).toMatchObject({ kind: 'exited', code: 0, stdout: 'secret' });
  expect(await run()).toMatchObject({ stdout: 'secret' });
  closeSync(fd);
});

test('gives the bytes of the output as they are', async () => {
  const result = await runProgramBytes('head', ['-c', '300000', '/dev/zero'], { timeoutMs: 5_000 });
  if (result.kind !== 'exited') throw new Error(result.kind);
  expect(result.stdout.equals(Buffer.alloc(300_000))).toBe(true);
  const odd = await runProgramBytes('printf', ['\\377\\n'], { timeoutMs: 5_000 });
  expect(odd).toMatchObject({ stdout: Buffer.from([0xff, 0x0a]) });
});

test('an input that nobody reads is no error', async () => {
  const result = await runProgram('true', [], { timeoutMs: 5_000, input: 'x'.repeat(1_000_000) });
  expect(result).toMatchObject({ kind: 'exited', code: 0 });
});

test('sets LC_ALL to C over everything, and adds the variables given', async () => {
  const file = script('echo "$LC_ALL $EXTRA"');
  const result = await runProgram(file, [], { timeoutMs: 5_000, env: { EXTRA: 'yes', LC_ALL: 'de_DE' } });
  expect(result).toMatchObject({ kind: 'exited', stdout: 'C yes\n' });
});

test('a program that does not exist is missing; one that may not run failed', async () => {
  expect(await runProgram('wg-reach-no-such-program', [], { timeoutMs: 5_000 })).toEqual({ kind: 'missing' });
  expect(await runProgram(directory, [], { timeoutMs: 5_000 })).toMatchObject({ kind: 'failed' });
  expect(await runProgram('true', ['a\0b'], { timeoutMs: 5_000 })).toMatchObject({ kind: 'failed' });
});

test('kills a program that hangs, also one that ignores SIGTERM', async () => {
  const pidFile = join(directory, 'hanging.pid');
  const file = script(`trap '' TERM; echo $$ > ${pidFile}; while :; do sleep 0.1; done`);
  const startedMs = performance.now();
  expect(await runProgram(file, [], { timeoutMs: 400 })).toEqual({ kind: 'timed-out' });
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeGreaterThan(350);
  expect(tookMs).toBeLessThan(3_000);
  expect(await isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
});

test('does not wait for a grandchild that keeps the output open', async () => {
  const startedMs = performance.now();
  expect(await runProgram(script('sleep 3 & sleep 3'), [], { timeoutMs: 300 })).toEqual({
    kind: 'timed-out',
  });
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

test('tells a foreign signal from its own', async () => {
  const result = await runProgram(script('kill -SEGV $$'), [], { timeoutMs: 5_000 });
  expect(result).toEqual({ kind: 'killed', signal: 'SIGSEGV' });
});

test('can be aborted before and during the run', async () => {
  const during = new AbortController();
  setTimeout(() => during.abort(), 100);
  const startedMs = performance.now();
  const running = runProgram('sleep', ['5'], { timeoutMs: 10_000, signal: during.signal });
  expect(await running).toEqual({ kind: 'killed', signal: 'SIGKILL' });
  const before = runProgram('sleep', ['5'], { timeoutMs: 10_000, signal: AbortSignal.abort() });
  expect(await before).toEqual({ kind: 'killed', signal: 'SIGKILL' });
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});

test('keeps a bounded part of an endless output and says so', async () => {
  const result = await runProgram(script('head -c 3000000 /dev/zero'), [], {
    timeoutMs: 10_000,
    maxOutputBytes: 1_000,
  });
  expect(result).toMatchObject({ kind: 'exited', code: 0, truncated: true });
  expect(result.kind === 'exited' && result.stdout.length).toBe(1_000);
});
