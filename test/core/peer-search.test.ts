import { describe, expect, it } from 'vitest';
import { ours } from '../../src/core/constants.ts';
import {
  createWorld,
  elsewhere,
  moves,
  path,
  restBoundMs,
  toCandidates,
  v4,
  v4b,
  v6,
  v6b,
  type World,
} from './world.ts';

/** After every set there is a packet for the new endpoint, in the same breath as its read-back. */
function expectPacketAfterEverySet(world: World): void {
  const actions = world.actions();
  for (const [index, { atMs, what }] of actions.entries()) {
    if (what.type !== 'set') continue;
    const packet = actions.slice(index + 1).find((later) => later.what.type === 'echo');
    expect(packet?.what).toMatchObject({ generation: what.generation });
    expect((packet?.atMs ?? Number.POSITIVE_INFINITY) - atMs).toBeLessThan(50);
  }
}

describe('a tunnel that is down', () => {
  it('moves from a dead IPv6 to IPv4 and proves it', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.dead(), [v4]: path.good() } }).run();
    expect(moves(world)).toEqual([`trial ${v4}`]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.facts('proven')[0]?.proof).toMatchObject({ kind: 'echo', endpoint: v4 });
    expect(world.endpoint()).toBe(v4);
    expect(world.restedAtMs()).toBeLessThan(3_000);
    expectPacketAfterEverySet(world);
  });

  it('does the same where no address answers a ping', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.dead(), [v4]: path.noPing() } }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4);
  });

  it('does the same where we are not heard over IPv6, and where the peer is not', () => {
    for (const dead of [path.onlyBack(), path.onlyThere()]) {
      const world = createWorld({ endpoint: v6, paths: { [v6]: dead, [v4]: path.good() } }).run();
      expect(world.outcome()).toEqual({ kind: 'proven' });
      expect(world.endpoint()).toBe(v4);
    }
  });

  it('does the same where the inner target answers nothing', () => {
    const world = createWorld({
      endpoint: v6,
      inner: 'silent',
      paths: { [v6]: path.dead(), [v4]: path.noPing() },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4);
  });

  it('does not keep a wrong host that answers ping', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.wrongHost(), [v4b]: path.noPing() },
    }).run();
    expect(moves(world)).toEqual([`trial ${v4}`, `trial ${v4b}`]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4b);
    expectPacketAfterEverySet(world);
  });

  it('finds the only one of three that works, without a session', () => {
    const world = createWorld({
      endpoint: v4,
      sessionAgeMs: null,
      initiationAgoMs: 200,
      paths: { [v4]: path.dead(), [v4b]: path.dead(), [v6]: path.noPing() },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.facts('proven')[0]?.proof.kind).toBe('handshake');
    expect(world.endpoint()).toBe(v6);
  });

  it('finds an endpoint where none was set', () => {
    const world = createWorld({
      endpoint: null,
      sessionAgeMs: null,
      paths: { [v6]: path.dead(), [v4]: path.good() },
    }).run();
    expect(world.facts('endpoint-found')).toEqual([{ kind: 'endpoint-found', endpoint: null }]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4);
  });

  it('comes back where only the peer has lost the session', () => {
    const world = createWorld({
      endpoint: v6,
      peerRestarted: true,
      paths: { [v6]: path.good(), [v4]: path.dead() },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v6);
    expect(world.restedAtMs()).toBeGreaterThan(15_000);
  });

  it('puts the old endpoint back when nothing works, with a packet after it', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.dead(), [v4]: path.dead() } }).run();
    expect(world.outcome()?.kind).toBe('none-works');
    expect(moves(world).at(-1)).toBe(`restore ${v6}`);
    expect(world.endpoint()).toBe(v6);
    expect(world.restedAtMs()).toBeLessThan(48_500);
    expectPacketAfterEverySet(world);
  });

  it('tries each candidate once a pass and the old one once more, then gives up, however much time is left', () => {
    const world = createWorld({
      endpoint: v6,
      limitMs: 600_000,
      paths: { [v6]: path.dead(), [v4]: path.dead() },
    }).run();
    expect(world.facts('trial').map((fact) => fact.pass)).toEqual(['quick', 'slow']);
    expect(moves(world)).toEqual([`trial ${v4}`, `trial ${v4}`, `restore ${v6}`, `restore ${v6}`]);
    expect(world.outcome()?.kind).toBe('none-works');
    expect(world.restedAtMs()).toBeLessThan(45_000);
  });

  it('drops counters that were read before the candidate was set', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.dead(), [v4]: path.wrongHost() } });
    world.run(2_200);
    expect(world.machine.snapshot().state).toBe('proving');
    const { generation } = world.machine.snapshot();
    const fresh = { ...world.wireguard.observation(), endpoint: v4, latestHandshakeS: 1_900_000_000 };
    world.dispatch({ type: 'observed', generation: generation - 1, observation: fresh });
    expect(world.facts('proven')).toEqual([]);
    world.dispatch({ type: 'observed', generation, observation: fresh });
    expect(world.facts('proven')).toHaveLength(1);
  });

  it('sets nothing in a dry run, and says what it would try', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.good() },
      config: { dryRun: true },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'would-set', endpoint: v4 });
    expect(world.sets()).toEqual([]);
  });

  it('says in a dry run that nothing works where no candidate answers a ping', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.dead() },
      config: { dryRun: true },
    }).run();
    expect(world.outcome()?.kind).toBe('none-works');
    expect(world.sets()).toEqual([]);
  });

  it('waits for candidates that come late', () => {
    const world = createWorld({
      endpoint: v6,
      resolvedAfterMs: 14_000,
      paths: { [v6]: path.dead(), [v4]: path.good() },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4);
  });

  it('ends without candidates where no name gives an address', () => {
    const world = createWorld({ endpoint: v6, candidates: [], paths: { [v6]: path.dead() } }).run();
    expect(world.outcome()).toEqual({ kind: 'no-candidates' });
    expect(moves(world)).toEqual([]);
  });

  it('is proven all the same where no name gives an address', () => {
    const world = createWorld({ endpoint: v6, candidates: [], paths: { [v6]: path.good() } }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
  });

  it('never sets a candidate inside the tunnel', () => {
    for (const endpoint of [v6, null]) {
      const world = createWorld({
        endpoint,
        sessionAgeMs: endpoint === null ? null : 60_000,
        candidates: [v4],
        paths: { [v6]: path.dead(), [v4]: path.inTunnel() },
      }).run();
      expect(world.outcome()?.kind).toBe('none-works');
      expect(world.sets().map((set) => set.endpoint)).not.toContain(v4);
    }
  });

  it('tries a candidate without a route last', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v6b]: path.noRoute(), [v4]: path.good() },
    }).run();
    expect(moves(world)).toEqual([`trial ${v4}`]);
  });

  it('goes on with the next candidate where one cannot be set', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.good(), [v4b]: path.good() },
      setFails: (endpoint) => (endpoint === v4 ? 'refused' : null),
    }).run();
    expect(world.facts('set-failed')).toEqual([{ kind: 'set-failed', endpoint: v4, detail: 'refused' }]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4b);
  });

  it('looks again whether the old path works when it takes the endpoint back', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.dead(), [v4]: path.wrongHost() } });
    world.run(10_000);
    // The old path comes to life while the wrong host is on trial; the peer's data brings the endpoint back.
    world.paths.set(v6, path.good());
    world.wireguard.setEndpoint(v6);
    world.wireguard.peerSends(96);
    world.run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v6);
  });

  it('follows a peer that roams to an address nobody listed during a trial', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.wrongHost(), [elsewhere]: path.good() },
      later: { 2300: (w) => w.wireguard.setEndpoint(elsewhere) },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(elsewhere);
  });

  it('goes on when counters cannot be read after the old path took the endpoint back', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.wrongHost(), [v4b]: path.good() },
      later: { 2300: (w) => w.wireguard.setEndpoint(v6) },
      observeFails: (atMs) => atMs > 2_560 && atMs < 3_500,
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4b);
  });

  it('goes on when after that the next one cannot even be set', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.wrongHost(), [v4b]: path.good(), [v6b]: path.good() },
      later: { 2300: (w) => w.wireguard.setEndpoint(v6) },
      observeFails: (atMs) => atMs > 2_560 && atMs < 3_500,
      setFails: (endpoint) => (endpoint === v6b ? 'refused' : null),
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4b);
  });

  it('remembers what it learned of the endpoint now set once that one is listed', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.dead(), [v4]: path.dead() } }).run();
    const listed = world.machine.snapshot().candidates.find((candidate) => candidate.endpoint === v6);
    expect(listed).toMatchObject({ source: 'dns:vpn.example', nameIndex: 0, hint: 'silent' });
  });
});

describe('a limited time', () => {
  const nothing = { [v6]: path.dead(), [v4]: path.dead(), [v4b]: path.dead(), [v6b]: path.dead() };
  it('puts the old endpoint back wherever the time is up', () => {
    for (let limitMs = 1; limitMs < 48_500; limitMs += limitMs < 12_000 ? 173 : 997) {
      const world = createWorld({ endpoint: v6, paths: nothing, limitMs }).run();
      // The names are answered after 30 ms.
      expect(world.outcome()?.kind, `limit ${limitMs}`).toBe(limitMs < 30 ? 'no-candidates' : 'none-works');
      expect(world.endpoint(), `limit ${limitMs}`).toBe(v6);
      expect(world.restedAtMs()).toBeLessThanOrEqual(limitMs + restBoundMs);
      expectPacketAfterEverySet(world);
    }
  });

  it('puts the old endpoint back while more candidates are awaited', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.dead() },
      resolvedAfterMs: 60_000,
      limitMs: 30_000,
      later: {
        30: (w) => w.dispatch({ type: 'candidates', candidates: toCandidates([v6, v4]), settled: false }),
      },
    }).run();
    expect(moves(world)).toContain(`trial ${v4}`);
    expect(world.outcome()?.kind).toBe('none-works');
    expect(world.endpoint()).toBe(v6);
    expectPacketAfterEverySet(world);
  });

  it('puts the old endpoint back where the candidates vanish after one was tried', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.dead() },
      resolvedAfterMs: 13_000,
      candidates: [],
      later: {
        30: (w) => w.dispatch({ type: 'candidates', candidates: toCandidates([v4]), settled: false }),
      },
    }).run();
    expect(moves(world)).toContain(`trial ${v4}`);
    expect(world.endpoint()).toBe(v6);
  });

  it('puts the old endpoint back when told to stop', () => {
    for (const stopMs of [500, 2_100, 2_400, 7_000, 15_000]) {
      const world = createWorld({ endpoint: v6, paths: nothing });
      world.run(stopMs);
      world.dispatch({ type: 'shutdown', reason: 'it was told to stop' });
      world.run();
      expect(world.outcome()).toEqual({ kind: 'stopped', detail: 'it was told to stop' });
      expect(world.endpoint()).toBe(v6);
      expectPacketAfterEverySet(world);
    }
  });

  it('gives each candidate of the slow pass its full time', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.dead(), [v4]: path.dead() } }).run();
    const slowAtMs = world
      .actions()
      .find(
        ({ what }) => what.type === 'report' && what.fact.kind === 'trial' && what.fact.pass === 'slow',
      )?.atMs;
    const failedAtMs = world
      .actions()
      .findLast(({ what }) => what.type === 'report' && what.fact.kind === 'trial-failed')?.atMs;
    expect((failedAtMs ?? 0) - (slowAtMs ?? 0)).toBeGreaterThan(ours.initialRtoMs);
  });

  it('tries again to put the old endpoint back, and does not hold it against a candidate that it could not be set', () => {
    let failures = 2;
    const world = createWorld({
      endpoint: v6,
      paths: nothing,
      setFails: (_endpoint, reason) => (reason === 'restore' && failures-- > 0 ? 'no free process' : null),
    }).run();
    expect(world.outcome()?.kind).toBe('none-works');
    expect(world.endpoint()).toBe(v6);

    const unset = createWorld({ endpoint: v6, paths: nothing, setFails: () => 'no free process' }).run();
    expect(unset.outcome()).toMatchObject({ kind: 'failed', detail: expect.stringContaining(v6) });
    expect(unset.machine.snapshot().candidates.find((one) => one.endpoint === v4)?.failedAtMs).toBeNull();
  });

  it('waits for the counters that go with an answer, however slow they are to read', () => {
    const slow = { readMs: 900 };
    expect(slow.readMs).toBeGreaterThan(ours.minQuickDwellMs);
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.good() },
      readingTakesMs: slow.readMs,
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(moves(world)).toEqual([`trial ${v4}`]);
  });
});
