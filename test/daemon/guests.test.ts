import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGuests, type Guests, type Visit } from '../../src/daemon/guests.ts';
import { createInterfaceEffects, type InterfaceEffects } from '../../src/effects/interface-effects.ts';
import { managedPeer } from './fake-peer.ts';
import { createFakeState } from './fake-state.ts';
import { createFakeWg, type FakeWg, fakeInterface } from './fake-wg.ts';

const { publicKey } = managedPeer();
const endpoint = '203.0.113.1:51820';

let wg: FakeWg;
let effects: InterfaceEffects;
let guests: Guests;
let state: ReturnType<typeof createFakeState>;

beforeEach(() => {
  wg = createFakeWg();
  wg.peers({ [publicKey]: { endpoint } });
  effects = createInterfaceEffects({
    interface: fakeInterface,
    fwMark: 0,
    listenPort: 51_820,
    toolTimeoutMs: 5_000,
    runtimeDirectory: '/nonexistent',
  });
  state = createFakeState();
  guests = createGuests(state);
});
afterEach(async () => {
  await guests.leave();
  effects.close();
  wg.remove();
});

function visit(forMs: number, change: Partial<Visit> = {}): Visit {
  return {
    interface: fakeInterface,
    effects,
    peers: [
      {
        publicKey,
        source: { host: { kind: 'address', address: '203.0.113.1', family: 4 }, port: 51_820 },
        allowedIpsWritten: [],
      },
    ],
    run: {
      probe: 'auto',
      dryRun: false,
      endMs: performance.now() + forMs,
      runtimeDirectory: wg.directory,
      stateDirectory: wg.directory,
    },
    onFact: () => {},
    signal: new AbortController().signal,
    ...change,
  };
}

const isThere = () => guests.has({ interface: fakeInterface, publicKey });

test('a guest is there until its time is up, and gets a result; what was learned is kept', async () => {
  const facts: string[] = [];
  const served = guests.serve(visit(3_000, { onFact: (_key, fact) => facts.push(fact.kind) }));
  await sleep(100);
  expect(isThere()).toBe(true);
  expect(guests.has({ interface: 'wg9', publicKey })).toBe(false);
  expect(await served).toMatchObject([{ kind: 'ran', publicKey, before: endpoint }]);
  expect(isThere()).toBe(false);
  expect(facts).toContain('endpoint-found');
  expect(state.writes).toHaveLength(1);
});

test('an end of the daemon, or of whoever asked, ends the visit early', async () => {
  const begunMs = performance.now();
  const served = guests.serve(visit(60_000));
  await sleep(300);
  await guests.leave('wg9');
  expect(isThere()).toBe(true);
  await guests.leave(fakeInterface);
  expect(isThere()).toBe(false);
  expect(await served).toMatchObject([{ kind: 'ran', outcome: { kind: 'stopped' } }]);
  const asking = new AbortController();
  const other = guests.serve(visit(60_000, { signal: asking.signal }));
  await sleep(300);
  asking.abort();
  expect(await other).toMatchObject([{ kind: 'ran', outcome: { kind: 'stopped' } }]);
  expect(performance.now() - begunMs).toBeLessThan(10_000);
});

test('a second visit waits for the first one, as long as there is time for it', async () => {
  const order: string[] = [];
  const first = guests.serve(visit(3_000)).then(() => order.push('first'));
  const second = guests.serve(visit(19_000, { onFact: () => order.push('second') })).then(() => 'over');
  expect(await guests.serve(visit(10_000))).toMatchObject([
    { kind: 'refused', detail: expect.stringContaining('another run is working') },
  ]);
  await first;
  await expect.poll(() => order).toContain('second');
  expect(order[0]).toBe('first');
  await guests.leave();
  expect(await second).toBe('over');
});

test('an interface that is gone, and a peer that it does not have, are refused in words', async () => {
  wg.peers({});
  expect(await guests.serve(visit(3_000))).toMatchObject([
    { kind: 'refused', detail: expect.stringContaining('has no peers') },
  ]);
  expect(await guests.serve(visit(3_000, { interface: 'wg-nothere' }))).toMatchObject([
    { kind: 'refused', detail: expect.stringContaining('no interface wg-nothere') },
  ]);
  expect(state.writes).toEqual([]);
});

test('a `wg` that hangs does not hold up who leaves', async () => {
  wg.trouble('hangs');
  const begunMs = performance.now();
  const served = guests.serve(visit(20_000));
  await sleep(50);
  await guests.leave();
  // It is killed after 5 s.
  expect(performance.now() - begunMs).toBeLessThan(4_500);
  effects.close();
  expect(await served).toHaveLength(1);
}, 20_000);
