import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { acquireLock, type LockResult, lockPath } from '../../src/host/lock.ts';
import { type CompiledSources, compileSources } from './compiled-sources.ts';

let compiled: CompiledSources;
let base: string;
let directory: string;
const children: ChildProcess[] = [];
const held: LockResult[] = [];

beforeAll(async () => {
  compiled = await compileSources(['src/host/lock.ts']);
}, 60_000);
afterAll(() => compiled.remove());

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'wg-reach-lock-'));
  directory = base;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const lock of held.splice(0)) if (lock.kind === 'locked') await lock.release();
  rmSync(base, { recursive: true, force: true });
});

type Way = 'native' | 'program';
const ways: Way[] = ['native', 'program'];
const pairs = ways.flatMap((holder) => ways.map((other) => [holder, other] as const));

async function acquire(way: Way, name: string, timeoutMs: number, signal?: AbortSignal): Promise<LockResult> {
  vi.stubEnv('WG_REACH_NO_NATIVE', way === 'native' ? '0' : '1');
  const result = await acquireLock(directory, name, { timeoutMs, ...(signal ? { signal } : {}) });
  held.push(result);
  return result;
}

/** Another process that takes the lock and keeps it until it is killed. */
function startHolder(way: Way, name: string): Promise<ChildProcess> {
  const code = `
    const { acquireLock } = await import(${JSON.stringify(join(compiled.directory, 'src/host/lock.js'))});
    const result = await acquireLock(${JSON.stringify(directory)}, ${JSON.stringify(name)}, { timeoutMs: 5000 });
    console.log(result.kind);
    setTimeout(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...process.env, WG_REACH_NO_NATIVE: way === 'native' ? '0' : '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error('the holder ended')));
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('locked')) resolve(child);
    });
  });
}

test.each(pairs)('held by %s: busy for %s, and free after release', async (holder, other) => {
  const first = await acquire(holder, 'wg0', 0);
  if (first.kind !== 'locked') throw new Error(first.kind);
  const refused = await acquire(other, 'wg0', 0);
  expect(refused).toMatchObject({
    kind: 'busy',
    holder: expect.stringContaining(`process ${process.pid} (`),
  });
  await first.release();
  await first.release();
  expect((await acquire(other, 'wg0', 0)).kind).toBe('locked');
});

test.each(pairs)('a %s holder killed with SIGKILL frees it for %s', async (holder, other) => {
  const child = await startHolder(holder, 'wg0');
  const refused = await acquire(other, 'wg0', 0);
  expect(refused).toMatchObject({ kind: 'busy', holder: expect.stringContaining(`process ${child.pid} `) });
  child.kill('SIGKILL');
  expect((await acquire(other, 'wg0', 5_000)).kind).toBe('locked');
});

test.each(ways)('waits for the lock and gets it when it is freed (%s)', async (way) => {
  const first = await acquire(way, 'wg0', 0);
  if (first.kind !== 'locked') throw new Error(first.kind);
  const startedMs = performance.now();
  setTimeout(() => void first.release(), 300);
  expect((await acquire(way, 'wg0', 5_000)).kind).toBe('locked');
  expect(performance.now() - startedMs).toBeGreaterThan(250);
});

test('gives up at the time-out, and earlier when told to', async () => {
  expect((await acquire('native', 'wg0', 0)).kind).toBe('locked');
  const startedMs = performance.now();
  expect((await acquire('native', 'wg0', 400)).kind).toBe('busy');
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeGreaterThan(250);
  expect(tookMs).toBeLessThan(1_500);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  const abortedMs = performance.now();
  expect((await acquire('native', 'wg0', 10_000, abort.signal)).kind).toBe('busy');
  expect(performance.now() - abortedMs).toBeLessThan(2_000);
});

test('interfaces do not share a lock; strange names stay inside the directory', async () => {
  expect((await acquire('native', 'wg0', 0)).kind).toBe('locked');
  expect((await acquire('native', 'wg1', 0)).kind).toBe('locked');
  expect((await acquire('native', '../../evil', 0)).kind).toBe('locked');
  expect(readdirSync(directory)).toHaveLength(3);
});

test('the file is private, names the namespace, and survives the release', async () => {
  directory = join(directory, 'made', 'by-us');
  const lock = await acquire('native', 'wg0', 0);
  const path = lockPath(directory, 'wg0');
  expect(path).toMatch(/\/lock-\d+-wg0$/);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} .+\n$`));
  if (lock.kind === 'locked') await lock.release();
  expect(readFileSync(path, 'utf8')).toBe('');
});

test('a holder that is not ours is another process, and garbage is not shown raw', async () => {
  const first = await acquire('native', 'wg0', 0);
  writeFileSync(lockPath(directory, 'wg0'), 'garbage');
  expect(await acquire('native', 'wg0', 0)).toMatchObject({ kind: 'busy', holder: 'another process' });
  writeFileSync(lockPath(directory, 'wg0'), `12 \x1b[31m${'x'.repeat(500)}\n`);
  const refused = await acquire('native', 'wg0', 0);
  expect(first.kind === 'locked' && refused.kind === 'busy' && refused.holder).toMatch(
    /^process 12 \(\?\[31mx+\)$/,
  );
});

test.each(ways)('a directory that cannot be used is a value (%s)', async (way) => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  directory = join(file, 'below');
  expect(await acquire(way, 'wg0', 0)).toMatchObject({
    kind: 'unwritable',
    detail: expect.stringContaining(file),
  });
});

test('without the library and without the program it says what to install', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  expect(await acquire('program', 'wg0', 0)).toMatchObject({
    kind: 'unwritable',
    detail: expect.stringContaining('util-linux'),
  });
});

test.each(ways)('a held lock does not keep the process alive (%s)', async (way) => {
  const code = `
    const { acquireLock } = await import(${JSON.stringify(join(compiled.directory, 'src/host/lock.js'))});
    const result = await acquireLock(${JSON.stringify(directory)}, 'wg0', { timeoutMs: 0 });
    process.exitCode = result.kind === 'locked' ? 7 : 1;`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...process.env, WG_REACH_NO_NATIVE: way === 'native' ? '0' : '1' },
    stdio: 'inherit',
  });
  children.push(child);
  expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(7);
  expect((await acquire(way, 'wg0', 2_000)).kind).toBe('locked');
});
