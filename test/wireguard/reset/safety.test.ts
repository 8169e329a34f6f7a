import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Recovery, recoverResets } from '../../../src/wireguard/reset/recover-resets.ts';
import { type ResetResult, resetSession } from '../../../src/wireguard/reset/reset-session.ts';
import { type FakeHost, type FakePeer, type Fault, fakeHost } from './fake-host.ts';

const peer = `${'B'.repeat(42)}A=`;
const bystander = `${'C'.repeat(42)}A=`;
const endpoint = { address: '203.0.113.1', port: 51820 };
const request = { interface: 'wg0', peer, endpoint, journalDirectory: '/nowhere', timeoutMs: 5_000 };
const runs = 2_000;

const fault: fc.Arbitrary<Fault> = fc.record({
  outcome: fc.oneof(
    { weight: 3, arbitrary: fc.constant('ok' as const) },
    fc.constantFrom('failed' as const, 'timed-out' as const),
  ),
  changes: fc.nat(8),
  afterMs: fc.nat(250),
  crash: fc.oneof(
    { weight: 8, arbitrary: fc.constant('no' as const) },
    fc.constantFrom('before' as const, 'after' as const),
  ),
});
const fine: Fault = { outcome: 'ok', changes: 0, afterMs: 0, crash: 'no' };
const hardly = fault.map((each): Fault => ({ ...each, crash: 'no' }));
const hopeless = hardly.map((each): Fault => (each.outcome === 'ok' ? { ...each, outcome: 'failed' } : each));
/** Anything may happen; or all goes well for a while, and then hardly anything or nothing. */
const life: fc.Arbitrary<Fault[]> = fc.oneof(
  fc.array(fault, { maxLength: 30 }),
  ...[fault, hardly, hopeless].map((bad) =>
    fc
      .tuple(fc.nat(12), fc.array(bad, { maxLength: 40, size: 'max' }))
      .map(([healthy, faults]) => [...Array<Fault>(healthy).fill(fine), ...faults]),
  ),
);
/** The lives of the process, one after the other, each with what goes wrong in it. */
const lives = fc.array(life, { minLength: 1, maxLength: 4 });
const aPeer: fc.Arbitrary<FakePeer> = fc.record({
  psk: fc.constantFrom(null, `${'K'.repeat(42)}A=`),
  endpoint: fc.constantFrom(null, '192.0.2.1:5', '203.0.113.1:51820'),
  ips: fc.uniqueArray(fc.constantFrom('10.0.0.0/24', 'fd00::/64', '0.0.0.0/0', '10.2.3.4/32'), {
    maxLength: 4,
  }),
  keepaliveS: fc.constantFrom(0, 25),
  rxBytes: fc.constantFrom(0, 5_000),
});

interface End {
  readonly host: FakeHost;
  readonly results: readonly (ResetResult | readonly Recovery[] | 'crashed')[];
}

/** A reset, and then recoveries, until one that nothing disturbs.  `betweenLives` is what else happens. */
async function live(
  start: FakeHost,
  rest: readonly (readonly Fault[])[],
  betweenLives: (host: FakeHost) => void = () => {},
): Promise<End> {
  const results: (ResetResult | readonly Recovery[] | 'crashed')[] = [];
  const orDeath = async <T>(host: FakeHost, work: Promise<T>): Promise<T | 'crashed'> =>
    Promise.race([work, host.crashed.then(() => 'crashed' as const)]);
  let host = start;
  results.push(await orDeath(host, resetSession(request, host)));
  for (const faults of [...rest, []]) {
    betweenLives(host);
    host = host.restart(faults);
    results.push(await orDeath(host, recoverResets(request, host)));
  }
  // Whatever still was on its way arrives, when nobody looks any more.
  await host.restart([]).sleep(1_000);
  return { host, results };
}

function build(faults: readonly Fault[], target: FakePeer | null): FakeHost {
  const host = fakeHost(faults);
  host.peers.set(bystander, { psk: null, endpoint: null, ips: ['10.1.0.0/16'], keepaliveS: 9, rxBytes: 7 });
  if (target !== null) host.peers.set(peer, { ...target, ips: [...target.ips] });
  return host;
}

function expectBystander(host: FakeHost): void {
  const untouched = { psk: null, endpoint: null, ips: ['10.1.0.0/16'], keepaliveS: 9, rxBytes: 7 };
  expect(host.peers.get(bystander)).toEqual(untouched);
}

it('whatever fails, hangs or dies, and whenever: the peer is there with all it had, and the journal is empty', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(aPeer, lives, async (before, [first = [], ...rest]) => {
      const { host, results } = await live(build(first, before), rest);
      const after = host.peers.get(peer);
      expect(after).toMatchObject({ psk: before.psk, keepaliveS: before.keepaliveS });
      expect(new Set(after?.ips)).toEqual(new Set(before.ips));
      expect([before.endpoint, '203.0.113.1:51820']).toContain(after?.endpoint);
      expectBystander(host);
      expect(host.files.size + host.aside.size).toBe(0);
      for (const result of results) {
        if (result === 'crashed') seen.add(result);
        else if ('kind' in result) seen.add(result.kind === 'failed' ? `failed ${result.peer}` : result.kind);
        else for (const recovery of result) seen.add(recovery.kind);
      }
    }),
    { numRuns: runs },
  );
  // Without these the property would say little.
  for (const kind of [
    'reset',
    'refused',
    'failed intact',
    'failed unsettled',
    'crashed',
    'complete',
    'restored',
    'unsettled',
  ]) {
    expect([...seen]).toContain(kind);
  }
});

it('every single step cut, before and after, with every part of the write done: the next life puts all right', async () => {
  const before = {
    psk: `${'K'.repeat(42)}A=`,
    endpoint: '192.0.2.1:5',
    ips: ['10.0.0.0/24'],
    keepaliveS: 25,
    rxBytes: 9,
  };
  const healthy = build([], before);
  await resetSession(request, healthy);
  for (const step of healthy.steps.keys()) {
    for (const crash of ['before', 'after'] as const) {
      for (let changes = 0; changes <= 6; changes += 1) {
        const host = build([...Array<Fault>(step).fill(fine), { ...fine, changes, crash }], before);
        const { results } = await live(host, []);
        expect(results[0]).toBe('crashed');
        const { rxBytes: _renewed, endpoint: _proven, ...kept } = before;
        expect(host.peers.get(peer)).toMatchObject(kept);
        expect(host.files.size).toBe(0);
      }
    }
  }
});

it('a peer that was not there is never there', async () => {
  await fc.assert(
    fc.asyncProperty(lives, async ([first = [], ...rest]) => {
      const { host } = await live(build(first, null), rest);
      expect(host.peers.has(peer)).toBe(false);
      expectBystander(host);
    }),
    { numRuns: runs / 10 },
  );
});

it('a peer that is removed at any time up to the last look stays removed, whatever fails', async () => {
  let removals = 0;
  await fc.assert(
    fc.asyncProperty(aPeer, fc.array(hardly, { maxLength: 20 }), fc.nat(8), async (before, faults, at) => {
      const host = build(faults, before);
      let removed = false;
      host.meddle = () => {
        const looks = host.steps.filter((step) => step === 'readDump').length;
        const inTime = looks < 2 || (looks === 2 && host.steps.at(-1) === 'readDump');
        if (host.steps.length !== at + 1 || !inTime) return;
        removed = true;
        host.peers.delete(peer);
      };
      await resetSession(request, host);
      if (!removed) return;
      removals += 1;
      expect(host.writes).toEqual([]);
      expect(host.peers.has(peer)).toBe(false);
    }),
    { numRuns: runs / 5 },
  );
  expect(removals).toBeGreaterThan(runs / 20);
});

it('an interface that is deleted, or made again, at any step never gets the peer', async () => {
  await fc.assert(
    fc.asyncProperty(
      aPeer,
      lives,
      fc.nat(20),
      fc.boolean(),
      async (before, [first = [], ...rest], at, again) => {
        const start = build(first, before);
        let gone = false;
        const remove = (host: FakeHost): void => {
          gone = true;
          host.index = null;
          host.peers.clear();
        };
        start.meddle = () => {
          if (!gone && start.steps.length > at) remove(start);
        };
        const { host } = await live(start, rest, (between) => {
          if (!gone) remove(between);
          if (again) between.index = 8;
        });
        expect([...host.peers.keys()]).toEqual([]);
        expect(host.files.size).toBe(0);
      },
    ),
    { numRuns: runs / 10 },
  );
});
