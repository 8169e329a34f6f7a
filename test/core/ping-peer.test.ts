import { describe, expect, it } from 'vitest';
import { graceEndsAtMs } from '../../src/core/hints.ts';
import { createWorld, elsewhere, path, restBoundMs, toCandidates, v4, v6, v6b } from './world.ts';

const probe = 'icmp' as const;

describe('a peer decided by ping alone', () => {
  it('keeps an IPv6 that answers, and does not wait for the rest', () => {
    const world = createWorld({
      probe,
      endpoint: v6,
      paths: { [v6]: path.good(), [v4]: path.dead() },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'chosen' });
    expect(world.sets()).toEqual([]);
    expect(world.restedAtMs()).toBeLessThan(100);
  });

  it('takes IPv4 after the grace where IPv6 is silent, and sends a packet after the set', () => {
    const world = createWorld({
      probe,
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.good() },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'chosen' });
    expect(world.endpoint()).toBe(v4);
    const restedAtMs = world.restedAtMs() ?? 0;
    expect(restedAtMs).toBeGreaterThanOrEqual(graceEndsAtMs(0, 20));
    expect(restedAtMs).toBeLessThan(graceEndsAtMs(0, 20) + 100);
    const types = world.actions().map(({ what }) => what.type);
    expect(types.lastIndexOf('echo')).toBeGreaterThan(types.lastIndexOf('set'));
  });

  it('comes back to IPv6 each time it answers', () => {
    const world = createWorld({
      probe,
      endpoint: v4,
      paths: { [v6]: path.good(), [v4]: path.good() },
    }).run();
    expect(world.endpoint()).toBe(v6);
  });

  it('takes a wrong host that answers: that is what was asked for', () => {
    const world = createWorld({
      probe,
      endpoint: v6,
      paths: { [v6]: path.noPing(), [v4]: path.wrongHost() },
    }).run();
    expect(world.endpoint()).toBe(v4);
  });

  it('changes nothing where nobody answers', () => {
    const world = createWorld({
      probe,
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.dead() },
    }).run();
    expect(world.outcome()?.kind).toBe('none-works');
    expect(world.sets()).toEqual([]);
  });

  it('tells no address from addresses that are all inside the tunnel', () => {
    const none = createWorld({ probe, endpoint: elsewhere, paths: {} }).run();
    expect(none.outcome()).toEqual({ kind: 'no-candidates' });
    const inside = createWorld({ probe, endpoint: elsewhere, paths: { [v6]: path.inTunnel() } }).run();
    expect(inside.outcome()?.kind).toBe('none-works');
    expect(inside.sets()).toEqual([]);
  });

  it('sets nothing in a dry run', () => {
    const world = createWorld({
      probe,
      endpoint: v6,
      paths: { [v6]: path.dead(), [v4]: path.good() },
      config: { dryRun: true },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'would-set', endpoint: v4 });
    expect(world.sets()).toEqual([]);
  });

  it('gives the preferred family its grace from when addresses were known, however slow the look-up', () => {
    const world = createWorld({
      probe,
      endpoint: v4,
      resolvedAfterMs: 3_030,
      candidates: [v6, v4],
      paths: { [v6]: path.good(), [v4]: path.good(1) },
      later: {
        3000: (w) => w.dispatch({ type: 'candidates', candidates: toCandidates([v4]), settled: false }),
      },
    }).run();
    expect(world.endpoint()).toBe(v6);
  });

  it('does not pass over an address whose route is not known yet', () => {
    const world = createWorld({ probe, endpoint: v4, paths: {}, resolvedAfterMs: 60_000 });
    world.run(10);
    world.dispatch({ type: 'candidates', candidates: toCandidates([v6b, v4]), settled: true });
    world.dispatch({ type: 'routed', endpoint: v4, verdict: 'ok' });
    world.dispatch({ type: 'hint', endpoint: v4, outcome: 'answered', rttMs: 1 });
    expect(world.outcome()).toBeNull();
  });

  it('rests at the deadline in every state', () => {
    for (const limitMs of [1, 10, 40, 60, 300, 790, 795, 2_000]) {
      const world = createWorld({
        probe,
        endpoint: v6,
        limitMs,
        paths: { [v6]: path.dead(), [v4]: path.good() },
      }).run();
      expect(world.outcome(), `limit ${limitMs}`).not.toBeNull();
      expect(world.restedAtMs()).toBeLessThanOrEqual(limitMs + restBoundMs);
    }
  });

  it('rests at the deadline where the counters are never read', () => {
    const world = createWorld({ probe, endpoint: v6, limitMs: 500, paths: {}, resolvedAfterMs: 60_000 });
    world.machine.handle({ type: 'start' }, { monotonicMs: 1_000_000, wallMs: 0 });
    const late = { monotonicMs: 1_000_500, wallMs: 0 };
    expect(world.machine.handle({ type: 'time' }, late)).toContainEqual(
      expect.objectContaining({ type: 'rest' }),
    );
  });

  it('does not spin while a set takes longer than the deadline', () => {
    const world = createWorld({ probe, endpoint: v6, paths: { [v4]: path.good() }, limitMs: 1_000 });
    const at = (ms: number) => ({ monotonicMs: 1_000_000 + ms, wallMs: 0 });
    const observation = { endpoint: v6, rxBytes: 0, txBytes: 0, latestHandshakeS: 0, rxFrameErrors: null };
    const { machine } = world;
    machine.handle({ type: 'start' }, at(0));
    machine.handle({ type: 'observed', generation: 0, observation }, at(1));
    machine.handle({ type: 'candidates', candidates: toCandidates([v4]), settled: true }, at(1));
    machine.handle({ type: 'routed', endpoint: v4, verdict: 'ok' }, at(2));
    machine.handle({ type: 'hint', endpoint: v4, outcome: 'answered', rttMs: 1 }, at(3));
    expect(machine.snapshot().state).toBe('setting');
    machine.handle({ type: 'time' }, at(1_001));
    expect(machine.nextDueMs() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(1_001_001);
  });

  it('asks for nothing any more once it rests', () => {
    const world = createWorld({ probe, endpoint: v6, paths: { [v6]: path.good(), [v4]: path.dead() } }).run();
    const later = { monotonicMs: 1_010_000, wallMs: 0 };
    expect(world.machine.handle({ type: 'time' }, later)).toEqual([]);
    expect(world.machine.nextDueMs()).toBeNull();
  });

  it('ends when the set fails, the peer is gone, or it is told to stop', () => {
    const failing = createWorld({
      probe,
      endpoint: v6,
      paths: { [v4]: path.good() },
      setFails: () => 'no permission',
    }).run();
    expect(failing.outcome()).toEqual({ kind: 'failed', detail: 'no permission' });
    const gone = createWorld({ probe, endpoint: v6, paths: { [v4]: path.dead() } });
    gone.run(100);
    gone.dispatch({ type: 'peer-gone', detail: 'no such peer' });
    expect(gone.outcome()).toEqual({ kind: 'gone', detail: 'no such peer' });
    const stopped = createWorld({ probe, endpoint: v6, paths: { [v4]: path.dead() } });
    stopped.run(100);
    stopped.dispatch({ type: 'shutdown', reason: 'told to' });
    expect(stopped.outcome()).toEqual({ kind: 'stopped', detail: 'told to' });
  });
});
