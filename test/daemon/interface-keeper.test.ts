import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type InterfaceKeeper, keepInterface } from '../../src/daemon/interface-keeper.ts';
import { createLog } from '../../src/daemon/log.ts';
import { acquireLock } from '../../src/host/lock.ts';
import type { ManagedPeer } from '../../src/sources/managed.ts';
import type { InterfaceFacts } from '../../src/wireguard/facts.ts';
import { managedPeer } from './fake-peer.ts';
import { createFakeWg, type FakeWg, fakeInterface } from './fake-wg.ts';

const { publicKey } = managedPeer();
const otherKey = 'ZFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=';
const peer = (change: Partial<ManagedPeer> = {}) => managedPeer({ interface: fakeInterface, ...change });
const facts: InterfaceFacts = { kind: 'ok', fwMark: 0, listenPort: 51_820, peers: new Map() };

let wg: FakeWg;
let logged: string[];
let gone: number;
let keeper: InterfaceKeeper | null;

beforeEach(() => {
  wg = createFakeWg();
  wg.peers({ [publicKey]: { endpoint: '203.0.113.1:51820' }, [otherKey]: {} });
  logged = [];
  gone = 0;
  keeper = null;
});
afterEach(async () => {
  await keeper?.close();
  wg.remove();
});

function keep() {
  return keepInterface({
    interface: fakeInterface,
    facts,
    runtimeDirectory: wg.directory,
    log: createLog({
      format: 'text',
      journald: true,
      verbose: false,
      write: (line) => logged.push(line.trim()),
    }),
    phase: 0,
    remembered: () => undefined,
    onResolve: () => {},
    onGood: () => {},
    onGone: () => gone++,
  });
}

async function begin(...peers: readonly ManagedPeer[]): Promise<InterfaceKeeper> {
  const kept = await keep();
  if ('kind' in kept) throw new Error(kept.detail);
  keeper = kept;
  kept.update(peers, facts);
  return kept;
}

const keys = (of: InterfaceKeeper) => of.peers().map(({ managed }) => managed.publicKey);

test('an interface has one keeper, and is free when that is closed', async () => {
  const first = await begin();
  expect(await keep()).toMatchObject({ kind: 'busy', detail: expect.stringContaining(fakeInterface) });
  await first.close();
  await first.close();
  const lock = await acquireLock(wg.directory, fakeInterface, { timeoutMs: 0 });
  expect(lock.kind).toBe('locked');
  if (lock.kind === 'locked') await lock.release();
});

test('who stays the same is watched on, who changed begins anew, who is not wanted is left', async () => {
  const kept = await begin(peer(), peer({ publicKey: otherKey }));
  const [one, other] = kept.peers();
  kept.update([peer(), peer({ publicKey: otherKey, profile: 'balanced' })], facts);
  expect(kept.peers()[0]).toBe(one);
  expect(kept.peers()[1]).not.toBe(other);
  expect(keys(kept)).toEqual([publicKey, otherKey]);
  kept.update([peer({ publicKey: otherKey, profile: 'balanced' })], facts);
  expect(keys(kept)).toEqual([otherKey]);
});

test('a peer that is taken off the interface is left, said to be gone, and never set', async () => {
  const kept = await begin(peer(), peer({ publicKey: otherKey }));
  wg.peers({ [otherKey]: {} });
  await vi.waitFor(() => expect(keys(kept)).toEqual([otherKey]), { timeout: 8_000, interval: 50 });
  expect(gone).toBeGreaterThan(0);
  expect(wg.calls().filter((call) => call.includes(`set ${fakeInterface} peer ${publicKey}`))).toEqual([]);
}, 15_000);

test('the endpoint that somebody else sets is seen', async () => {
  const kept = await begin(peer());
  kept.peers()[0]?.dispatch({ type: 'pause' });
  wg.peers({ [publicKey]: { endpoint: '203.0.113.9:4000' } });
  await vi.waitFor(() => expect(kept.peers()[0]?.snapshot().endpoint).toBe('203.0.113.9:4000'), {
    timeout: 8_000,
    interval: 50,
  });
}, 15_000);

test('after the end `wg` is not called any more', async () => {
  const kept = await begin(peer());
  await kept.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const calls = wg.calls().length;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(wg.calls().length).toBe(calls);
}, 15_000);
