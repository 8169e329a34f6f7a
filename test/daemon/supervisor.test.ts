import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Guests } from '../../src/daemon/guests.ts';
import type { Inventory } from '../../src/daemon/inventory.ts';
import { createLog } from '../../src/daemon/log.ts';
import { createPauses, type Pauses } from '../../src/daemon/pauses.ts';
import { createSupervisor, type Supervisor } from '../../src/daemon/supervisor.ts';
import { acquireLock } from '../../src/host/lock.ts';
import type { ManagedPeer } from '../../src/sources/managed.ts';
import { managedPeer } from './fake-peer.ts';
import { createFakeState, type FakeState } from './fake-state.ts';
import { createFakeWg, type FakeWg, fakeInterface } from './fake-wg.ts';

const { publicKey } = managedPeer();
const otherKey = 'ZFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=';
const peer = (change: Partial<ManagedPeer> = {}): ManagedPeer =>
  managedPeer({
    interface: fakeInterface,
    sources: [
      {
        host: { kind: 'address', address: '203.0.113.1', family: 4 },
        port: 51_820,
        place: { file: 'test', line: 1 },
      },
    ],
    ...change,
  });

let wg: FakeWg;
let state: FakeState;
let pauses: Pauses;
let supervisor: Supervisor;
let logged: string[];
let managed: readonly ManagedPeer[];
let index: number | null;
let reads: boolean[];
let beforeRead: () => Promise<void>;
let present: Set<string>;

beforeEach(() => {
  wg = createFakeWg();
  wg.peers({ [publicKey]: { endpoint: '203.0.113.1:51820' }, [otherKey]: {} });
  state = createFakeState({ [`${fakeInterface} ${publicKey}`]: { lastGood: '203.0.113.1:51820' } });
  pauses = createPauses(() => {});
  logged = [];
  managed = [peer()];
  index = 1;
  reads = [];
  present = new Set();
  beforeRead = async () => {};
  const guests: Guests = {
    serve: async () => [],
    has: (one) => present.has(one.publicKey),
    leave: async () => {},
  };
  supervisor = createSupervisor({
    inventory: {
      async read(force) {
        reads.push(force);
        await beforeRead();
        return inventory();
      },
    },
    state,
    pauses,
    guests,
    runtimeDirectory: wg.directory,
    log: createLog({
      format: 'text',
      journald: true,
      verbose: false,
      write: (line) => logged.push(line.trim()),
    }),
    phase: 0,
  });
});
afterEach(async () => {
  await supervisor.close();
  pauses.close();
  wg.remove();
});

function inventory(): Inventory {
  const facts = { kind: 'ok', fwMark: 0, listenPort: 51_820, peers: new Map() } as const;
  return {
    decision: { managed, left: [], warnings: [] },
    facts: new Map([[fakeInterface, facts]]),
    indexes: new Map([[fakeInterface, index]]),
  };
}

const watched = () => supervisor.peers().map((one) => one.managed.publicKey);
const healths = () =>
  Object.fromEntries(supervisor.peers().map((one) => [one.managed.publicKey, one.snapshot().health]));

async function isLocked(): Promise<boolean> {
  const lock = await acquireLock(wg.directory, fakeInterface, { timeoutMs: 0 });
  if (lock.kind === 'locked') await lock.release();
  return lock.kind === 'busy';
}

test('peers come and go; the interface is locked as long as there are any', async () => {
  await supervisor.refresh(true);
  expect(watched()).toEqual([publicKey]);
  expect(supervisor.keeper(fakeInterface)?.peers()).toHaveLength(1);
  expect(await isLocked()).toBe(true);
  managed = [peer(), peer({ publicKey: otherKey })];
  const [first] = supervisor.peers();
  await supervisor.refresh(false);
  expect(watched()).toEqual([publicKey, otherKey]);
  expect(supervisor.peers()[0]).toBe(first);
  managed = [];
  await supervisor.refresh(false);
  expect(watched()).toEqual([]);
  expect(supervisor.keeper(fakeInterface)).toBeNull();
  expect(await isLocked()).toBe(false);
  expect(logged.filter((line) => line.includes('interface-left'))).toHaveLength(1);
});

test('an interface that somebody else works on is said once, and taken when it is free', async () => {
  const lock = await acquireLock(wg.directory, fakeInterface, { timeoutMs: 0 });
  for (let time = 0; time < 3; time++) await supervisor.refresh(false);
  expect(watched()).toEqual([]);
  expect(logged).toEqual([expect.stringMatching(/^<4>interface-refused: process \d+ /)]);
  if (lock.kind === 'locked') await lock.release();
  await supervisor.refresh(false);
  expect(watched()).toEqual([publicKey]);
});

test('a pause outlives new settings and an interface that is made again', async () => {
  await supervisor.refresh(true);
  pauses.begin(peer(), null);
  for (const one of supervisor.peers()) one.dispatch({ type: 'pause' });
  managed = [peer({ profile: 'balanced' }), peer({ publicKey: otherKey })];
  await supervisor.refresh(false);
  expect(healths()).toEqual({ [publicKey]: 'paused', [otherKey]: 'unknown' });
  index = 9;
  await supervisor.refresh(false);
  expect(logged.filter((line) => line.includes('begun anew'))).toHaveLength(1);
  expect(healths()).toEqual({ [publicKey]: 'paused', [otherKey]: 'unknown' });
  expect(wg.calls().filter((call) => call.startsWith('set'))).toEqual([]);
});

test('an index that is not known for a moment is no other interface', async () => {
  await supervisor.refresh(true);
  const [first] = supervisor.peers();
  for (const now of [null, 1, null, null, 1]) {
    index = now;
    await supervisor.refresh(false);
  }
  expect(supervisor.peers()[0]).toBe(first);
});

test('whoever is looked after as a guest is watched only afterwards', async () => {
  managed = [peer(), peer({ publicKey: otherKey })];
  present.add(otherKey);
  await supervisor.refresh(true);
  expect(watched()).toEqual([publicKey]);
  present.clear();
  await supervisor.refresh(false);
  expect(watched()).toEqual([publicKey, otherKey]);
});

test('a reload while a look is under way looks once more, and waits for that', async () => {
  await supervisor.refresh(true);
  reads = [];
  let release: () => void = () => {};
  beforeRead = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const slow = supervisor.refresh(false);
  const forced = [supervisor.refresh(true), supervisor.refresh(true)];
  managed = [peer({ publicKey: otherKey })];
  beforeRead = async () => {};
  release();
  await slow;
  await Promise.all(forced);
  expect(reads).toEqual([false, true]);
  expect(watched()).toEqual([otherKey]);
});

test('a fault in a look is logged, and the next one goes well', async () => {
  await supervisor.refresh(true);
  beforeRead = () => Promise.reject(new Error('no files left'));
  await supervisor.refresh(false);
  expect(logged.at(-1)).toMatch(/^<3>bug: .*no files left/);
  expect(watched()).toEqual([publicKey]);
  beforeRead = async () => {};
  managed = [];
  await supervisor.refresh(false);
  expect(watched()).toEqual([]);
});

test('where nothing is learned nothing is written', async () => {
  await supervisor.refresh(true);
  for (let time = 0; time < 5; time++) await supervisor.refresh(false);
  expect(state.writes.filter((worth) => worth === 'a-write')).toEqual([]);
  expect(state.peer(fakeInterface, publicKey)).toEqual({ lastGood: '203.0.113.1:51820' });
});

test('after the end nothing is looked at', async () => {
  await supervisor.refresh(true);
  await supervisor.close();
  reads = [];
  await supervisor.refresh(true);
  expect(reads).toEqual([]);
  expect(watched()).toEqual([]);
  expect(await isLocked()).toBe(false);
});
