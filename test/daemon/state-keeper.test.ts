import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog, type Log } from '../../src/daemon/log.ts';
import { openStateKeeper } from '../../src/daemon/state-keeper.ts';

const key = 'fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=';
const v4 = '203.0.113.1:51820';

let directory: string;
let file: string;
let logged: string[];
let log: Log;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wg-reach-keeper-'));
  file = join(directory, 'state.json');
  logged = [];
  log = createLog({ format: 'text', journald: true, verbose: true, write: (line) => logged.push(line) });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

const read = () => JSON.parse(readFileSync(file, 'utf8'));

test('what is learned is there at the next start', async () => {
  const first = await openStateKeeper(directory, log);
  expect(first.peer('wg0', key)).toBeUndefined();
  first.setName('vpn.example', ['203.0.113.1']);
  first.setPeer('wg0', key, { lastGood: v4 });
  await first.close();
  const second = await openStateKeeper(directory, log);
  expect(second.peer('wg0', key)).toEqual({ lastGood: v4 });
  expect(second.peer('wg1', key)).toBeUndefined();
  expect([...second.names()]).toEqual([['vpn.example', ['203.0.113.1']]]);
  await second.close();
  expect(logged).toEqual([]);
});

test('news is written once, 10 s later; the same again is no news', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const keeper = await openStateKeeper(directory, log);
  keeper.setPeer('wg0', key, { lastGood: v4 });
  keeper.setName('vpn.example', ['203.0.113.1']);
  await vi.advanceTimersByTimeAsync(9_900);
  expect(readdirSync(directory)).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  await vi.waitFor(() => expect(read().peers[`wg0 ${key}`]).toEqual({ lastGood: v4 }));
  expect(read().names).toEqual({ 'vpn.example': ['203.0.113.1'] });
  rmSync(file);
  keeper.setPeer('wg0', key, { lastGood: v4 });
  keeper.setName('vpn.example', ['203.0.113.1']);
  await vi.advanceTimersByTimeAsync(60_000);
  await keeper.close();
  expect(readdirSync(directory)).toEqual([]);
});

test('what is worth no write waits for other news, or for the end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const failed = { failedTrials: { [v4]: 1 } };
  const first = await openStateKeeper(directory, log);
  first.setPeer('wg0', key, failed, 'no-write');
  first.setPeer('wg1', key, {}, 'no-write');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(readdirSync(directory)).toEqual([]);
  expect(first.peer('wg0', key)).toEqual(failed);
  await first.close();
  expect(read().peers).toEqual({ [`wg0 ${key}`]: failed });
  const second = await openStateKeeper(directory, log);
  second.setPeer('wg0', key, { failedTrials: { [v4]: 2 } }, 'no-write');
  second.setName('vpn.example', ['203.0.113.1']);
  await vi.advanceTimersByTimeAsync(10_100);
  await vi.waitFor(() => expect(read().names).toBeDefined());
  expect(read().peers[`wg0 ${key}`]).toEqual({ failedTrials: { [v4]: 2 } });
  await second.close();
});

test.each([
  ['{"version":', 'state-damaged', 'was damaged', 'state.json.damaged'],
  ['{"version":2}', 'state-newer', 'was written by a newer version', 'state.json.version-2'],
])('%s is a warning, is kept, and the daemon goes on', async (text, event, words, name) => {
  writeFileSync(file, text);
  const keeper = await openStateKeeper(directory, log);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain(`<4>${event}: `);
  expect(logged[0]).toContain(words);
  expect(logged[0]).toContain(join(directory, name));
  keeper.setPeer('wg0', key, { lastGood: v4 });
  await keeper.close();
  expect(readFileSync(join(directory, name), 'utf8')).toBe(text);
  expect(read().peers[`wg0 ${key}`]).toEqual({ lastGood: v4 });
});

test('what cannot be read is not written over', async () => {
  mkdirSync(file);
  const keeper = await openStateKeeper(directory, log);
  expect(logged).toEqual([expect.stringContaining('<4>state-unreadable: ')]);
  keeper.setPeer('wg0', key, { lastGood: v4 });
  await keeper.close();
  expect(readdirSync(directory)).toEqual(['state.json']);
  expect(logged).toHaveLength(1);
});

test('a directory that cannot be made costs one warning', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const keeper = await openStateKeeper('/proc/wg-reach-nowhere/state', log);
  expect(logged).toEqual([]);
  for (const port of [1, 2, 3]) {
    keeper.setPeer('wg0', key, { lastGood: `203.0.113.1:${port}` });
    await vi.advanceTimersByTimeAsync(11_000);
    await vi.waitFor(() => expect(logged).toEqual([expect.stringContaining('<4>state-unwritable: ')]));
  }
  keeper.setPeer('wg0', key, { lastGood: v4 });
  await keeper.close();
  expect(logged).toHaveLength(1);
});
