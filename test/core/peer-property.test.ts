import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PeerAction } from '../../src/core/action.ts';
import type { PeerEvent } from '../../src/core/event.ts';
import { createPeer } from '../../src/core/peer.ts';
import { createPingPeer } from '../../src/core/ping-peer.ts';
import type { Path } from './wireguard-model.ts';
import {
  createWorld,
  elsewhere,
  path,
  restBoundMs,
  toCandidates,
  v4,
  v4b,
  v6,
  v6b,
  type World,
  type WorldOptions,
} from './world.ts';

const endpoints = [v6, v6b, v4, v4b];

const anyPath: fc.Arbitrary<Path> = fc.record({
  rttMs: fc.constantFrom(1, 20, 150, 700, 2_500),
  peer: fc.boolean(),
  there: fc.boolean(),
  back: fc.boolean(),
  pings: fc.boolean(),
  route: fc.constantFrom(
    'ok' as const,
    'ok' as const,
    'ok' as const,
    'no-route' as const,
    'in-tunnel' as const,
  ),
});

const anyWorld = fc.record({
  endpoint: fc.constantFrom(v6, v4, elsewhere, null),
  paths: fc.tuple(anyPath, anyPath, anyPath, anyPath, anyPath),
  listed: fc.subarray(endpoints),
  sessionAgeMs: fc.constantFrom(null, 1_000, 110_000, 150_000, 175_000, 300_000),
  initiator: fc.boolean(),
  initiationAgoMs: fc.integer({ min: 0, max: 6_000 }),
  peerRestarted: fc.boolean(),
  inner: fc.constantFrom('answer' as const, 'silent' as const, 'foreign' as const, 'local' as const),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  resolvedAfterMs: fc.constantFrom(1, 30, 4_000, 20_000),
  limitMs: fc.integer({ min: 1, max: 48_500 }),
  probe: fc.constantFrom('auto' as const, 'auto' as const, 'icmp' as const),
  dryRun: fc.boolean(),
  prefer: fc.constantFrom('ipv6' as const, 'ipv4' as const, 'listed' as const),
  setFails: fc.subarray(endpoints, { maxLength: 1 }),
});

type Recipe = typeof anyWorld extends fc.Arbitrary<infer T> ? T : never;

function build(recipe: Recipe, more: Partial<WorldOptions> = {}): World {
  const { paths, listed, dryRun, prefer, setFails, endpoint, sessionAgeMs, ...rest } = recipe;
  const named = Object.fromEntries([...endpoints, elsewhere].map((one, i) => [one, paths[i] ?? path.dead()]));
  return createWorld({
    ...rest,
    endpoint,
    // An interface without an endpoint has no session either.
    sessionAgeMs: endpoint === null ? null : sessionAgeMs,
    paths: named,
    candidates: listed,
    config: { dryRun, prefer },
    setFails: (one) => (setFails.includes(one) ? 'refused' : null),
    ...more,
  });
}

function works(world: World, endpoint: string | null): boolean {
  const one = endpoint === null ? undefined : world.paths.get(endpoint);
  if (one === undefined) return false;
  return one.peer && one.there && one.back && one.route !== 'no-route';
}

describe('a machine in a random world', () => {
  it('rests in time, on an endpoint that is proven, chosen, or the old one', () => {
    fc.assert(
      fc.property(anyWorld, (recipe) => {
        const world = build(recipe).run();
        expect(world.outcome()).not.toBeNull();
        expect(world.restedAtMs()).toBeLessThanOrEqual(recipe.limitMs + restBoundMs);
        const outcome = world.outcome();
        if (recipe.probe === 'icmp') return;
        if (outcome?.kind === 'proven') expect(works(world, world.endpoint())).toBe(true);
        // A late authentic packet may bring the endpoint to where the peer is.
        else if (recipe.endpoint !== null && outcome?.kind !== 'failed')
          expect(world.endpoint() === recipe.endpoint || works(world, world.endpoint())).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('sets nothing but listed candidates outside the tunnel and the endpoint it found, and sends a packet after', () => {
    fc.assert(
      fc.property(anyWorld, (recipe) => {
        const world = build(recipe).run();
        if (recipe.dryRun) expect(world.sets()).toEqual([]);
        for (const { endpoint } of world.sets()) {
          const inTunnel = world.paths.get(endpoint)?.route === 'in-tunnel';
          const allowed = (recipe.listed.includes(endpoint) && !inTunnel) || endpoint === recipe.endpoint;
          expect(allowed, endpoint).toBe(true);
        }
        for (const [index, { what }] of world.actions().entries()) {
          if (what.type !== 'set' || recipe.setFails.includes(what.endpoint)) continue;
          const rest = world.actions().slice(index + 1);
          // The same endpoint again, and the time is up meanwhile: the peer hears us there already.
          if (what.reason === 'again' && !rest.some((later) => later.what.type === 'set')) {
            if ((world.restedAtMs() ?? 0) - (world.actions()[index]?.atMs ?? 0) < 10) continue;
          }
          const packet = rest.some(
            (later) => later.what.type === 'echo' && later.what.generation >= what.generation,
          );
          expect(packet, `packet after the set of ${what.endpoint}`).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('finds an endpoint that works, if there is one and time enough', () => {
    const fairWorld = fc
      .tuple(anyWorld, fc.constantFrom('answer' as const, 'silent' as const), fc.constantFrom(...endpoints))
      .map(([recipe, inner, good]) => ({
        ...recipe,
        inner,
        good,
        probe: 'auto' as const,
        dryRun: false,
        listed: [...new Set([...recipe.listed, good])],
        setFails: recipe.setFails.filter((one) => one !== recipe.endpoint && one !== good),
      }));
    fc.assert(
      fc.property(fairWorld, fc.constantFrom(1, 20, 150, 700), fc.boolean(), (recipe, rttMs, pings) => {
        const world = build(recipe, { limitMs: 150_000 });
        world.paths.set(recipe.good, { ...path.good(rttMs), pings });
        // Above the first guess of the time-out (1 s) an answer may come when another candidate is on trial.
        for (const one of world.paths.values()) one.rttMs = Math.min(one.rttMs, 700);
        // A peer that reaches us, while we do not reach it, may end undecided: nothing says that it is down.
        const current = world.paths.get(recipe.endpoint ?? '');
        fc.pre(!current?.back || current.there);
        world.run();
        expect(world.outcome()).toEqual({ kind: 'proven' });
        expect(works(world, world.endpoint())).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never moves away from an endpoint that answers through the tunnel, but for a proven fail-back', () => {
    fc.assert(
      fc.property(anyWorld, fc.constantFrom(1, 20, 150), (recipe, rttMs) => {
        fc.pre(recipe.endpoint !== null && recipe.probe === 'auto' && recipe.inner === 'answer');
        fc.pre(!recipe.peerRestarted && recipe.sessionAgeMs !== null && recipe.sessionAgeMs < 180_000);
        const world = build(recipe);
        world.paths.set(recipe.endpoint ?? '', { ...path.good(rttMs), pings: false });
        world.run();
        const reasons = new Set(world.sets().map((set) => set.reason));
        expect(reasons.has('trial') || reasons.has('again')).toBe(false);
      }),
    );
  });
});

describe('a machine under random events', () => {
  const observation = fc.record({
    endpoint: fc.constantFrom(v6, v4, elsewhere, null),
    rxBytes: fc.integer({ min: 0, max: 3_000 }),
    txBytes: fc.integer({ min: 0, max: 3_000 }),
    latestHandshakeS: fc.constantFrom(0, 1_799_999_990, 1_800_000_000),
    rxFrameErrors: fc.constantFrom(null, 0, 1),
  });
  const endpoint = fc.constantFrom(...endpoints, elsewhere);
  const generation = fc.integer({ min: 0, max: 6 });
  const detail = fc.constant('because');
  const anyEvent: fc.Arbitrary<PeerEvent> = fc.oneof(
    fc.constant<PeerEvent>({ type: 'start' }),
    fc.constant<PeerEvent>({ type: 'time' }),
    fc.record({
      type: fc.constant('candidates' as const),
      candidates: fc.array(endpoint, { maxLength: 5 }).map(toCandidates),
      settled: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('routed' as const),
      endpoint,
      verdict: fc.constantFrom('ok' as const, 'no-route' as const, 'in-tunnel' as const),
    }),
    fc.record({
      type: fc.constant('hint' as const),
      endpoint,
      outcome: fc.constantFrom('answered' as const, 'unroutable' as const),
      rttMs: fc.constantFrom(null, 5, 3_000),
    }),
    fc.record({ type: fc.constant('observed' as const), generation, observation }),
    fc.record({ type: fc.constant('set-done' as const), generation, observation }),
    fc.record({
      type: fc.constantFrom('observe-failed' as const, 'set-failed' as const),
      generation,
      detail,
    }),
    fc.record({
      type: fc.constant('echo-answered' as const),
      echo: fc.integer({ min: 0, max: 9 }),
      generation,
      rttMs: fc.constantFrom(1, 400),
    }),
    fc.record({
      type: fc.constant('echo-failed' as const),
      echo: fc.integer({ min: 0, max: 9 }),
      generation,
      detail,
    }),
  );
  const lastWords: fc.Arbitrary<PeerEvent> = fc.constantFrom(
    { type: 'peer-gone', detail: 'gone' },
    { type: 'shutdown', reason: 'stop' },
    { type: 'time' },
  );
  /** An event, how much later than the one before it comes, and whether it is delivered twice. */
  const script = fc.array(fc.tuple(anyEvent, fc.constantFrom(0, 1, 60, 700, 6_000), fc.boolean()), {
    maxLength: 60,
  });

  for (const [name, create] of [
    ['peer', createPeer],
    ['ping peer', createPingPeer],
  ] as const) {
    it(`never throws, never spins, sets only what it knows, and rests once (${name})`, () => {
      fc.assert(
        fc.property(script, lastWords, fc.boolean(), (events, last, dryRun) => {
          const deadlineMs = 40_000;
          const machine = create({
            prefer: 'ipv6',
            echoTargets: ['10.0.0.1', 'fd00::1'],
            dryRun,
            deadlineMs,
            failbackMemory: new Map(),
            failedAtMs: new Map(),
            unlisted: null,
          });
          const known = new Set<string>();
          const actions: PeerAction[] = [];
          let nowMs = 0;
          const handle = (event: PeerEvent): void => {
            const done = machine.handle(event, { monotonicMs: nowMs, wallMs: 1_800_000_000_000 + nowMs });
            if (event.type === 'candidates') for (const one of event.candidates) known.add(one.endpoint);
            if (event.type === 'observed' || event.type === 'set-done')
              known.add(event.observation.endpoint ?? '');
            for (const action of done) if (action.type === 'set') expect(known).toContain(action.endpoint);
            actions.push(...done);
          };
          const settle = (): void => {
            let rounds = 0;
            for (let due = machine.nextDueMs(); due !== null && due <= nowMs; due = machine.nextDueMs()) {
              handle({ type: 'time' });
              expect(++rounds, `in state ${machine.snapshot().state}`).toBeLessThan(10);
            }
          };
          for (const [event, laterMs, twice] of events) {
            nowMs += laterMs;
            settle();
            handle(event);
            if (twice) handle(event);
          }
          handle(last);
          nowMs = Math.max(nowMs, deadlineMs);
          settle();
          // What is left by now is a set under way, and then the old endpoint that is put back, several times.
          for (let fails = 0; fails < 8 && machine.snapshot().state !== 'resting'; fails++) {
            handle({ type: 'set-failed', generation: machine.snapshot().generation, detail: 'because' });
            nowMs += 1_000;
            settle();
          }
          expect(machine.snapshot().state).toBe('resting');
          expect(actions.filter((action) => action.type === 'rest')).toHaveLength(1);
          if (dryRun) expect(actions.filter((action) => action.type === 'set')).toEqual([]);
          expect(machine.nextDueMs()).toBeNull();
          const before = actions.length;
          handle({ type: 'time' });
          expect(actions).toHaveLength(before);
        }),
        { numRuns: 1_000 },
      );
    });
  }
});
