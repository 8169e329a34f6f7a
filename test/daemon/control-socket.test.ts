import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { askDaemon } from '../../src/daemon/control-client.ts';
import { claimControlPlace } from '../../src/daemon/control-place.ts';
import { startControlServer } from '../../src/daemon/control-server.ts';
import { createLog } from '../../src/daemon/log.ts';
import { type CompiledSources, compileSources } from '../host/compiled-sources.ts';
import { type ControlScene, createControlScene, type Started } from './control-scene.ts';

let compiled: CompiledSources;
let scene: ControlScene;

beforeAll(async () => {
  compiled = await compileSources(['src/daemon/control-server.ts']);
}, 60_000);
afterAll(() => compiled.remove());
beforeEach(() => {
  scene = createControlScene();
});
afterEach(() => scene.remove());

function ask(timeoutMs = 5_000) {
  return askDaemon(scene.path, { command: 'status' }, { timeoutMs });
}

async function close(server: Started): Promise<void> {
  if (server.kind !== 'listening') throw new Error(server.kind);
  await server.close();
}

test('a private socket in a private directory, and nothing of it left after the end', async () => {
  const server = await scene.start();
  expect(await ask()).toEqual({ kind: 'result', result: 'status' });
  expect(statSync(scene.path).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(scene.path)).mode & 0o777).toBe(0o700);
  const others = () => readdirSync(dirname(scene.path)).filter((name) => !name.startsWith('lock-'));
  expect(others()).toEqual(['control.sock']);
  await close(server);
  await close(server);
  expect(others()).toEqual([]);
  expect(await ask()).toEqual({ kind: 'no-daemon' });
});

test.runIf(process.getuid?.() === 0)('at no moment can another user connect', async () => {
  // Everything on the way is open, so only the socket's own mode protects it.
  mkdirSync(dirname(scene.path));
  chmodSync(dirname(dirname(scene.path)), 0o755);
  chmodSync(dirname(scene.path), 0o777);
  const code = `
    const net = require('node:net');
    const seen = {};
    const again = () => {
      const socket = net.connect(${JSON.stringify(scene.path)});
      const note = (what) => { seen[what] = (seen[what] ?? 0) + 1; socket.destroy(); setImmediate(again); };
      socket.on('connect', () => note('connected'));
      socket.on('error', (error) => note(error.code));
    };
    for (let index = 0; index < 8; index += 1) again();
    console.log('ready');
    process.stdin.on('end', () => { console.log(JSON.stringify(seen)); process.exit(); }).resume();`;
  const stranger = spawn(process.execPath, ['--eval', code], {
    uid: 65_534,
    gid: 65_534,
    cwd: '/',
    timeout: 20_000,
  });
  let output = '';
  const ready = new Promise<void>((resolve) => {
    stranger.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      resolve();
    });
  });
  const ended = new Promise((resolve) => stranger.on('close', resolve));
  await ready;
  const { umask } = process;
  const before = umask(0);
  try {
    for (let round = 0; round < 60; round += 1) {
      const server = await scene.start();
      await sleep(10);
      await close(server);
    }
  } finally {
    umask(before);
  }
  stranger.stdin.end();
  await ended;
  const seen = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  expect(seen.EACCES).toBeGreaterThan(0);
  expect(seen.ENOENT).toBeGreaterThan(0);
  expect(new Set(Object.keys(seen))).toEqual(new Set(['EACCES', 'ENOENT']));
});

test('a living daemon is left alone, here and in another process, also while it is stopped', async () => {
  await scene.start();
  expect(await scene.start()).toMatchObject({ kind: 'already-running' });
  expect(await ask()).toEqual({ kind: 'result', result: 'status' });
  await scene.remove();
  scene = createControlScene();
  const child = await scene.startProcess(compiled.directory);
  child.kill('SIGSTOP');
  expect(await scene.start()).toMatchObject({ kind: 'already-running' });
  expect(await ask(300)).toEqual({ kind: 'timed-out' });
  child.kill('SIGCONT');
  expect(await ask()).toEqual({ kind: 'result', result: child.pid });
});

test('kill -9 leaves a socket that says "no daemon" and that the next one replaces; of several at once, one', async () => {
  const child = await scene.startProcess(compiled.directory);
  expect(await ask()).toEqual({ kind: 'result', result: child.pid });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  expect(existsSync(scene.path)).toBe(true);
  expect(await ask()).toEqual({ kind: 'no-daemon' });
  // What a start leaves that is killed midway.
  const leftover = join(dirname(scene.path), '.cAbCdE1');
  mkdirSync(leftover);
  writeFileSync(join(leftover, 's'), '');
  const kinds = (await Promise.all([1, 2, 3, 4, 5].map(() => scene.start()))).map((server) => server.kind);
  expect(kinds.toSorted()).toEqual([...Array(4).fill('already-running'), 'listening']);
  expect(await ask()).toEqual({ kind: 'result', result: 'status' });
  expect(existsSync(leftover)).toBe(false);
});

test('two processes that start at the same moment: one listens', async () => {
  const both = await Promise.allSettled([1, 2].map(() => scene.startProcess(compiled.directory)));
  expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await ask()).toMatchObject({ kind: 'result' });
}, 30_000);

test.runIf(process.getuid?.() === 0)(
  'one that starts in another network namespace is in the way, too, and named; when it dies, the place is free',
  async () => {
    const other = await scene.claimElsewhere(compiled.directory);
    expect(await scene.start()).toEqual({
      kind: 'already-running',
      holder: expect.stringContaining(`process ${other.pid} `),
    });
    const ended = new Promise((resolve) => other.on('exit', resolve));
    other.kill('SIGKILL');
    await ended;
    expect(await scene.start()).toMatchObject({ kind: 'listening' });
  },
  30_000,
);

test('what stands in the way is named and kept', async () => {
  mkdirSync(dirname(scene.path));
  writeFileSync(scene.path, 'precious');
  expect(await scene.start()).toMatchObject({ kind: 'failed', detail: expect.stringContaining('no socket') });
  expect(readFileSync(scene.path, 'utf8')).toBe('precious');
});

test('a link is not followed', async () => {
  mkdirSync(dirname(scene.path));
  symlinkSync('/tmp/elsewhere', scene.path);
  expect(await scene.start()).toMatchObject({ kind: 'failed' });
});

test('a directory that cannot be, and a path that is too long, are values', async () => {
  writeFileSync(dirname(scene.path), '');
  expect(await scene.start()).toMatchObject({
    kind: 'failed',
    detail: expect.stringContaining('cannot be made'),
  });
  const path = join(dirname(dirname(scene.path)), 'x'.repeat(100), 'control.sock');
  expect(await claimControlPlace(path)).toMatchObject({
    kind: 'failed',
    detail: expect.stringContaining('too long'),
  });
});

test('a socket that somebody else put there meanwhile is not removed', async () => {
  const server = await scene.start();
  rmSync(scene.path);
  writeFileSync(scene.path, 'theirs');
  await close(server);
  expect(readFileSync(scene.path, 'utf8')).toBe('theirs');
});

test('the signal closes it', async () => {
  const stop = new AbortController();
  const log = createLog({ format: 'text', journald: true, verbose: false, write: () => {} });
  const handler = () => ({ kind: 'result', result: null }) as const;
  const handlers = {
    status: handler,
    pause: handler,
    resume: handler,
    repair: handler,
    reload: handler,
    'one-shot': handler,
  };
  const place = await claimControlPlace(scene.path);
  if (place.kind !== 'claimed') throw new Error(place.kind);
  const server = await startControlServer(place, { handlers, log, signal: stop.signal });
  stop.abort();
  await close(server);
  expect(existsSync(scene.path)).toBe(false);
});
