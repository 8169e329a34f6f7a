import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askDaemon } from '../../src/daemon/control-client.ts';
import { type ControlScene, createControlScene } from './control-scene.ts';

let scene: ControlScene;

beforeEach(() => {
  scene = createControlScene();
});
afterEach(() => scene.remove());

function ask(timeoutMs = 5_000) {
  return askDaemon(scene.path, { command: 'status' }, { timeoutMs });
}

const status = '{"id":1,"command":"status"}\n';

test('requests on one connection are answered one after the other, in their order', async () => {
  let running = 0;
  await scene.start({
    status: async ({ id }) => {
      running += 1;
      expect(running).toBe(1);
      await sleep(5);
      running -= 1;
      return { kind: 'result', result: id };
    },
  });
  const client = await scene.connect();
  // The last line lacks its end, and the client closes its sending side: it is answered all the same.
  client.socket.end(
    ['', '\r', ...[1, 2, 3].map((id) => JSON.stringify({ id, command: 'status' }))].join('\n'),
  );
  expect(await client.lines).toEqual([1, 2, 3].map((id) => ({ id, result: id })));
});

test('any garbage gets an error and the end of its connection, and the next client is served', async () => {
  await scene.start();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), async (bytes) => {
      const client = await scene.connect();
      client.socket.end(bytes);
      const blank = bytes.every((byte) => byte <= 0x20);
      const lines = await client.lines;
      expect(lines).toHaveLength(blank ? 0 : 1);
      if (!blank) expect(lines[0]).toMatchObject({ id: null, error: { code: expect.any(String) } });
      client.socket.destroy();
    }),
  );
  expect(await ask()).toEqual({ kind: 'result', result: 'status' });
});

test('after garbage nothing of the connection is looked at or kept, however much comes', async () => {
  await scene.start();
  const client = await scene.connect();
  client.socket.write(`garbage\n${status}`);
  expect(await client.lines).toMatchObject([{ error: { code: 'not-json' } }]);
  // Gathered, this would be copied once more with each piece: 80 GB in all.
  const begunMs = performance.now();
  const piece = Buffer.alloc(1_000_000, 0x78);
  for (let sent = 0; sent < 100; sent += 1) {
    await new Promise<void>((resolve) => client.socket.write(piece, () => resolve()));
  }
  expect(performance.now() - begunMs).toBeLessThan(5_000);
});

test('a line without an end is refused at 64 KiB, and what follows is not kept', async () => {
  await scene.start();
  const client = await scene.connect();
  client.socket.on('error', () => {});
  for (let sent = 0; sent < 40; sent += 1) client.socket.write('x'.repeat(100_000));
  expect(await client.lines).toMatchObject([{ id: null, error: { code: 'too-long' } }]);
  client.socket.destroy();
  expect(await ask()).toEqual({ kind: 'result', result: 'status' });
});

test('who sends nothing, half a line, or one byte now and then is dropped in time; a slow handler is not', async () => {
  await scene.start(
    {
      repair: async () => {
        await sleep(900);
        return { kind: 'result', result: 'done' };
      },
    },
    { idleMs: 300 },
  );
  const begunMs = performance.now();
  const [silent, half, slow, working] = await Promise.all([1, 2, 3, 4].map(() => scene.connect()));
  if (!silent || !half || !slow || !working) throw new Error('no client');
  half.socket.write('{"id":');
  slow.socket.on('error', () => {});
  const trickle = setInterval(() => slow.socket.write('x'), 50);
  working.socket.write('{"id":1,"command":"repair"}\n');
  await Promise.all([silent.closed, half.closed, slow.closed]);
  clearInterval(trickle);
  const tookMs = performance.now() - begunMs;
  expect(tookMs).toBeGreaterThan(250);
  expect(tookMs).toBeLessThan(850);
  expect(await working.lines).toEqual([{ id: 1, result: 'done' }]);
  expect(performance.now() - begunMs).toBeGreaterThan(1_100);
  expect(scene.logged.filter((line) => line.includes('control-client-dropped')).length).toBeGreaterThan(0);
});

test('16 connections, then a refusal that says why; one that ends makes room', async () => {
  await scene.start();
  const clients = await Promise.all(Array.from({ length: 16 }, () => scene.connect()));
  expect(await ask()).toMatchObject({ kind: 'error', code: 'busy', message: expect.stringContaining('16') });
  const [first] = clients;
  first?.socket.end();
  await first?.closed;
  first?.socket.destroy();
  await sleep(50);
  expect(await ask()).toEqual({ kind: 'result', result: 'status' });
});

test('who does not read its replies is dropped, costs little, and holds up nobody', async () => {
  const big = 'x'.repeat(3_000_000);
  let answered = 0;
  await scene.start(
    {
      status: () => {
        answered += 1;
        return { kind: 'result', result: big };
      },
    },
    { idleMs: 500 },
  );
  const client = await scene.connect();
  client.socket.on('error', () => {});
  client.socket.pause();
  client.socket.write(status.repeat(500));
  await sleep(200);
  expect(answered).toBe(1);
  expect(await ask()).toEqual({ kind: 'result', result: big });
  await sleep(600);
  expect(answered).toBe(2);
  expect(scene.logged.join('')).toContain('it does not read its reply');
});

test('a flood of progress to a client that does not read is not gathered', async () => {
  let said = 0;
  await scene.start({
    repair: async (_request, { progress }) => {
      for (; said < 100_000; said += 1) progress('x'.repeat(5_000));
      return { kind: 'result', result: 'done' };
    },
  });
  const client = await scene.connect();
  client.socket.pause();
  client.socket.write('{"id":1,"command":"repair"}\n');
  while (said < 100_000) await sleep(20);
  client.socket.end();
  client.socket.resume();
  const lines = await client.lines;
  expect(lines.length).toBeLessThan(1_000);
  expect(lines.every((line) => JSON.stringify(line).length < 16_100)).toBe(true);
  expect(lines.at(-1)).toMatchObject({ result: 'done' });
});

test('one request after the other does not keep the event loop', async () => {
  await scene.start({
    status: () => {
      const endMs = performance.now() + 2;
      while (performance.now() < endMs);
      return { kind: 'result', result: null };
    },
  });
  const client = await scene.connect();
  client.socket.end(status.repeat(300));
  let longestMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
  }, 1);
  expect(await client.lines).toHaveLength(300);
  clearInterval(timer);
  expect(longestMs).toBeLessThan(300);
});

test('a handler that throws, rejects, or answers what is not JSON is a logged fault, not an end', async () => {
  await scene.start({
    status: () => {
      throw new Error('first fault');
    },
    pause: () => Promise.reject(new Error('second fault')),
    resume: () => ({ kind: 'result', result: 1n }),
    reload: () => ({ kind: 'error', code: 'bad-configuration', message: 'Line 3.' }),
  });
  const options = { timeoutMs: 5_000 };
  for (const command of ['status', 'pause', 'resume'] as const) {
    expect(await askDaemon(scene.path, { command }, options)).toMatchObject({
      kind: 'error',
      code: 'internal',
    });
  }
  expect(await askDaemon(scene.path, { command: 'reload' }, options)).toEqual({
    kind: 'error',
    code: 'bad-configuration',
    message: 'Line 3.',
  });
  expect(scene.logged.join('')).toMatch(/first fault[\s\S]*second fault[\s\S]*BigInt/);
});

test('a handler that never ends is given up, and is told', async () => {
  let told: AbortSignal | undefined;
  await scene.start(
    {
      repair: (_request, { signal }) => {
        told = signal;
        return new Promise(() => {});
      },
    },
    { handlerMs: 200 },
  );
  expect(await askDaemon(scene.path, { command: 'repair' }, { timeoutMs: 5_000 })).toMatchObject({
    kind: 'error',
    code: 'timed-out',
  });
  expect(told?.aborted).toBe(true);
});

test('the end: what runs is told and may answer; what does not end is cut off', async () => {
  const server = await scene.start(
    {
      repair: (_request, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () =>
            resolve({ kind: 'error', code: 'stopping', message: 'Bye.' }),
          );
        }),
      reload: () => new Promise(() => {}),
    },
    { closeMs: 300 },
  );
  const options = { timeoutMs: 5_000 };
  const polite = askDaemon(scene.path, { command: 'repair' }, options);
  const stubborn = askDaemon(scene.path, { command: 'reload' }, options);
  const idle = await scene.connect();
  await sleep(100);
  const begunMs = performance.now();
  if (server.kind === 'listening') await server.close();
  expect(performance.now() - begunMs).toBeLessThan(1_500);
  expect(await polite).toEqual({ kind: 'error', code: 'stopping', message: 'Bye.' });
  expect(await stubborn).toMatchObject({ kind: 'error', code: 'closed' });
  await idle.closed;
});
