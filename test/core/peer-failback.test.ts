import { describe, expect, it } from 'vitest';
import { ours } from '../../src/core/constants.ts';
import { createWorld, elsewhere, moves, path, v4, v6 } from './world.ts';

describe('fail-back of a proven tunnel', () => {
  it('is offered to the preferred family and kept where it works', () => {
    const world = createWorld({ endpoint: v4, paths: { [v6]: path.good(), [v4]: path.good() } }).run();
    expect(moves(world)).toEqual([`fail-back ${v6}`]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v6);
    expect(world.facts('fail-back').map((fact) => fact.outcome)).toEqual(['offered', 'done']);
    expect(world.facts('proven').map((fact) => fact.proof.endpoint)).toEqual([v4, v6]);
  });

  it('is rolled back within two seconds where it does not, and the old one is looked at again', () => {
    const world = createWorld({ endpoint: v4, paths: { [v6]: path.wrongHost(), [v4]: path.good() } }).run();
    expect(moves(world)).toEqual([`fail-back ${v6}`, `restore ${v4}`]);
    const [offer, back] = world.sets();
    expect((back?.atMs ?? 0) - (offer?.atMs ?? 0)).toBeLessThanOrEqual(ours.failbackDwellMaxMs + 100);
    expect(world.facts('fail-back').map((fact) => fact.outcome)).toEqual(['offered', 'rolled-back']);
    expect(world.facts('proven').map((fact) => fact.proof.endpoint)).toEqual([v4, v4]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4);
  });

  it('is searched on where the old one died meanwhile', () => {
    const world = createWorld({
      endpoint: v4,
      paths: { [v6]: path.wrongHost(), [v4]: path.good(), [elsewhere]: path.good() },
      candidates: [v6, v4, elsewhere],
      config: { prefer: 'ipv6' },
    });
    world.run(100);
    world.paths.set(v4, path.dead());
    world.run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(elsewhere);
  });

  it('is not offered where it was offered lately', () => {
    const memory = new Map([[v6, { triedAgoMs: ours.failbackIntervalMs - 1, failures: 0 }]]);
    const world = createWorld({
      endpoint: v4,
      paths: { [v6]: path.good(), [v4]: path.good() },
      config: { failbackMemory: memory },
    }).run();
    expect(world.sets()).toEqual([]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
  });

  it('is not offered where the tunnel was just found by a search', () => {
    const world = createWorld({
      endpoint: v4,
      paths: { [v4]: path.dead(), '203.0.113.2:51820': path.good(), [v6]: path.dead() },
    }).run();
    expect(world.endpoint()).toBe('203.0.113.2:51820');
    expect(world.facts('fail-back')).toEqual([]);
  });

  it('is not offered to an address that is silent where no echo could tell in time', () => {
    const world = createWorld({
      endpoint: v4,
      inner: 'silent',
      paths: { [v6]: path.noPing(), [v4]: path.good() },
    }).run();
    expect(moves(world)).toEqual([]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
  });

  it('does not hold up a proven tunnel for a name that does not resolve', () => {
    const world = createWorld({ endpoint: v4, resolvedAfterMs: 40_000, paths: { [v4]: path.good() } }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.restedAtMs()).toBeLessThan(ours.lookUpPatienceMs + 100);
  });

  it('is only spoken of in a dry run', () => {
    const world = createWorld({
      endpoint: v4,
      paths: { [v6]: path.good(), [v4]: path.good() },
      config: { dryRun: true },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'would-set', endpoint: v6 });
    expect(world.sets()).toEqual([]);
  });

  it('is not offered to an address inside the tunnel or without a route', () => {
    for (const unusable of [path.inTunnel(), path.noRoute()]) {
      const world = createWorld({ endpoint: v4, paths: { [v6]: unusable, [v4]: path.good() } }).run();
      expect(world.sets()).toEqual([]);
      expect(world.outcome()).toEqual({ kind: 'proven' });
    }
  });

  it('leaves an endpoint that nobody listed alone, unless it has been gone from the answers for long', () => {
    const paths = { [v6]: path.good(), [elsewhere]: path.good() };
    const roamed = createWorld({ endpoint: elsewhere, paths }).run();
    expect(roamed.sets()).toEqual([]);
    const unlisted = { endpoint: elsewhere, forMs: ours.unlistedGraceMs };
    const moved = createWorld({ endpoint: elsewhere, paths, config: { unlisted } }).run();
    expect(moved.endpoint()).toBe(v6);
    const other = createWorld({
      endpoint: elsewhere,
      paths,
      config: { unlisted: { endpoint: v4, forMs: ours.unlistedGraceMs } },
    }).run();
    expect(other.sets()).toEqual([]);
  });

  it('goes back to the proven endpoint where the time is up during the offer', () => {
    for (let limitMs = 60; limitMs < 760; limitMs += 3) {
      const world = createWorld({
        endpoint: v4,
        paths: { [v6]: path.wrongHost(), [v4]: path.good() },
        limitMs,
      }).run();
      expect(world.endpoint(), `limit ${limitMs}`).toBe(v4);
      expect(world.outcome(), `limit ${limitMs}`).toEqual({ kind: 'proven' });
    }
  });

  it('goes back where the old path, being slower, takes the endpoint back', () => {
    const world = createWorld({ endpoint: v4, paths: { [v6]: path.wrongHost(), [v4]: path.good() } });
    world.run(200);
    expect(world.machine.snapshot().state).toBe('proving');
    world.wireguard.setEndpoint(v4);
    world.run();
    expect(world.facts('trial-failed')[0]?.reason).toContain('the old path is alive');
    expect(world.endpoint()).toBe(v4);
    expect(world.outcome()).toEqual({ kind: 'proven' });
  });
});
