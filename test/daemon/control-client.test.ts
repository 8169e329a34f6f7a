import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askDaemon } from '../../src/daemon/control-client.ts';
import type { ControlRequest } from '../../src/daemon/control-protocol.ts';
import { type ControlScene, createControlScene } from './control-scene.ts';

let scene: ControlScene;
let fake: net.Server | undefined;

beforeEach(() => {
  scene = createControlScene();
});
afterEach(async () => {
  fake?.close();
  fake = undefined;
  await scene.remove();
});

const options = { timeoutMs: 5_000 };

/** Something that listens and is not our server. */
async function listenFake(onConnection: (socket: net.Socket) => void): Promise<void> {
  mkdirSync(dirname(scene.path));
  fake = net.createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => fake?.listen(scene.path, resolve));
}

test('the whole request arrives, progress comes in order, then the result', async () => {
  let seen: ControlRequest | undefined;
  await scene.start({
    repair: (request, { progress }) => {
      seen = request;
      progress('Trying 203.0.113.1:51820');
      progress('It works');
      return { kind: 'result', result: { outcome: 'proven' } };
    },
  });
  const said: string[] = [];
  const answer = await askDaemon(
    scene.path,
    { command: 'repair', interface: 'wg0', dryRun: true },
    { timeoutMs: 5_000, onProgress: (text) => said.push(text) },
  );
  expect(answer).toEqual({ kind: 'result', result: { outcome: 'proven' } });
  expect(said).toEqual(['Trying 203.0.113.1:51820', 'It works']);
  expect(seen).toMatchObject({ command: 'repair', interface: 'wg0', dryRun: true });
});

test('a result of 1,000 peers arrives whole', async () => {
  const result = Array.from({ length: 1_000 }, (_, index) => ({ index, text: 'x'.repeat(3_000) }));
  await scene.start({ status: () => ({ kind: 'result', result }) });
  expect(await askDaemon(scene.path, { command: 'status' }, options)).toEqual({ kind: 'result', result });
});

test('no directory, no file, something that is no directory, and a file that is no socket: no daemon', async () => {
  expect(await askDaemon(scene.path, { command: 'status' }, options)).toEqual({ kind: 'no-daemon' });
  mkdirSync(dirname(scene.path));
  expect(await askDaemon(scene.path, { command: 'status' }, options)).toEqual({ kind: 'no-daemon' });
  writeFileSync(scene.path, '');
  expect(await askDaemon(scene.path, { command: 'status' }, options)).toEqual({ kind: 'no-daemon' });
  expect(await askDaemon(join(scene.path, 'x'), { command: 'status' }, options)).toEqual({
    kind: 'no-daemon',
  });
});

test('a path longer than a socket can have is not cut to that of another socket', async () => {
  mkdirSync(dirname(scene.path));
  const longest = join(dirname(scene.path), 'x'.repeat(108 - dirname(scene.path).length - 1));
  fake = net.createServer((socket) => socket.end());
  await new Promise<void>((resolve) => fake?.listen(longest, resolve));
  expect(await askDaemon(`${longest}y`, { command: 'status' }, options)).toEqual({ kind: 'no-daemon' });
});

test.runIf(process.getuid?.() === 0 && process.seteuid !== undefined)(
  'another user is not permitted',
  async () => {
    await scene.start();
    chmodSync(dirname(dirname(scene.path)), 0o755);
    for (const mode of [0o700, 0o755]) {
      chmodSync(dirname(scene.path), mode);
      process.seteuid?.(65_534);
      try {
        expect(await askDaemon(scene.path, { command: 'status' }, options)).toEqual({
          kind: 'not-permitted',
        });
      } finally {
        process.seteuid?.(0);
      }
    }
  },
);

test('a daemon that accepts and says nothing: timed out, at the time that was given', async () => {
  await listenFake(() => {});
  const begunMs = performance.now();
  expect(await askDaemon(scene.path, { command: 'status' }, { timeoutMs: 200 })).toEqual({
    kind: 'timed-out',
  });
  expect(performance.now() - begunMs).toBeGreaterThan(190);
  expect(performance.now() - begunMs).toBeLessThan(2_000);
});

test('progress does not prolong the time', async () => {
  const timers: NodeJS.Timeout[] = [];
  await listenFake((socket) => timers.push(setInterval(() => socket.write('{"id":1,"progress":"x"}\n'), 20)));
  expect(await askDaemon(scene.path, { command: 'status' }, { timeoutMs: 300 })).toEqual({
    kind: 'timed-out',
  });
  for (const timer of timers) clearInterval(timer);
});

test.each([
  ['garbage\n', 'bad-reply'],
  ['{"id":2,"result":1}\n', 'bad-reply'],
  ['{"id":1}\n', 'bad-reply'],
  ['{"id":1,"result":', 'closed'],
  ['', 'closed'],
  ['{"id":null,"error":{"code":"busy","message":"Later."}}\n', 'busy'],
])('a reply %j that then ends is the error %s', async (reply, code) => {
  await listenFake((socket) => socket.end(reply));
  expect(await askDaemon(scene.path, { command: 'status' }, options)).toMatchObject({ kind: 'error', code });
});

test('a daemon that never stops talking is not listened to for ever', async () => {
  const chunk = Buffer.alloc(1_048_576, 0x78);
  await listenFake((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
  });
  expect(await askDaemon(scene.path, { command: 'status' }, { timeoutMs: 15_000 })).toMatchObject({
    kind: 'error',
    code: 'bad-reply',
  });
});
