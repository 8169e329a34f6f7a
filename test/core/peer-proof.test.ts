import { describe, expect, it } from 'vitest';
import { ours, wireguard } from '../../src/core/constants.ts';
import { createWorld, elsewhere, moves, path, v4, v6 } from './world.ts';

/** What is proven of the endpoint that is set when a run begins, and what is left alone. */
describe('the endpoint now set', () => {
  it('is left alone if an echo through the tunnel is answered', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.good(), [v4]: path.good() } }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.sets()).toEqual([]);
    expect(world.facts('proven')[0]?.proof).toMatchObject({ kind: 'echo', endpoint: v6, rttMs: 20 });
    expect(world.restedAtMs()).toBeLessThan(100);
  });

  it('is left alone on IPv6 although every ping outside the tunnel is dropped', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.noPing(), [v4]: path.good() } }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.sets()).toEqual([]);
  });

  it('is proven by counters alone where the inner target is gone, and nothing is moved', () => {
    const world = createWorld({
      endpoint: v6,
      inner: 'silent',
      paths: { [v6]: path.good(), [v4]: path.good() },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(moves(world)).toEqual([]);
    const proof = world.facts('proven')[0]?.proof;
    expect(proof).toMatchObject({ kind: 'counters', endpoint: v6 });
    const sinceStartMs = (proof?.atMs ?? 0) - 1_000_000;
    expect(sinceStartMs).toBeGreaterThanOrEqual(wireguard.passiveKeepaliveMs);
    expect(sinceStartMs).toBeLessThanOrEqual(ours.passiveKeepaliveLatestMs + 2 * ours.observeSpacingMs);
  });

  it('is proven by counters at the latest timer that was measured, too', () => {
    const world = createWorld({
      endpoint: v6,
      inner: 'silent',
      jitter: 1,
      paths: { [v6]: path.good(300) },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(moves(world)).toEqual([]);
  });

  it('is set again after a second of silence, which is no move', () => {
    const world = createWorld({ endpoint: v6, inner: 'silent', paths: { [v6]: path.good() } }).run();
    expect(world.sets()).toHaveLength(1);
    expect(world.sets()[0]).toMatchObject({ endpoint: v6, reason: 'again' });
    expect(world.sets()[0]?.atMs).toBeGreaterThanOrEqual(ours.reassertAfterMs);
  });

  it('is proven although setting it again fails', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.good(1_600), [v4]: path.dead() },
      setFails: (_, reason) => (reason === 'again' ? 'no permission' : null),
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(moves(world)).toEqual([]);
  });

  it('is proven by counters although setting it again fails', () => {
    const world = createWorld({
      endpoint: v6,
      inner: 'silent',
      paths: { [v6]: path.good(), [v4]: path.good() },
      setFails: (_, reason) => (reason === 'again' ? 'no permission' : null),
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(moves(world)).toEqual([]);
  });

  it('is proven by a handshake where there was no session', () => {
    const world = createWorld({
      endpoint: v6,
      sessionAgeMs: null,
      inner: 'silent',
      paths: { [v6]: path.good(), [v4]: path.good() },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.facts('proven')[0]?.proof.kind).toBe('handshake');
    expect(world.sets()).toEqual([]);
    expect(world.restedAtMs()).toBeLessThan(600);
  });

  it('is proven by a handshake where the session has expired and the last initiation was just lost', () => {
    const world = createWorld({
      endpoint: v6,
      sessionAgeMs: wireguard.rejectAfterMs + 20_000,
      initiationAgoMs: 100,
      inner: 'silent',
      paths: { [v6]: path.good(), [v4]: path.dead() },
    }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(moves(world)).toEqual([]);
    expect(world.restedAtMs()).toBeGreaterThan(4_900);
  });

  it('is not proven by an answer of our own address: the counters do not move', () => {
    const world = createWorld({
      endpoint: v6,
      inner: 'local',
      paths: { [v6]: path.good(), [v4]: path.good() },
    }).run();
    expect(world.facts('proven')).toEqual([]);
    expect(world.outcome()?.kind).toBe('undecided');
    expect(moves(world)).toEqual([]);
  });

  it('is not proven, and not condemned, by answers from outside the allowed IPs', () => {
    const world = createWorld({
      endpoint: v6,
      inner: 'foreign',
      paths: { [v6]: path.good(), [v4]: path.good() },
    }).run();
    expect(world.outcome()?.kind).toBe('undecided');
    expect(moves(world)).toEqual([]);
    expect(world.facts('proven')).toEqual([]);
  });

  it('is not proven by traffic of the peer that does not hear us', () => {
    const world = createWorld({
      endpoint: v6,
      paths: { [v6]: path.onlyBack() },
      later: Object.fromEntries(
        Array.from({ length: 80 }, (_, i) => [200 + i * 300, (w) => w.wireguard.peerSends(96)]),
      ),
    }).run();
    expect(world.facts('proven')).toEqual([]);
    expect(world.outcome()?.kind).toBe('undecided');
    expect(moves(world)).toEqual([]);
  });

  it('is given up when the peer sends one initiation after the other: it does not hear us', () => {
    const world = createWorld({
      endpoint: v6,
      inner: 'silent',
      paths: { [v6]: path.onlyBack(), [v4]: path.good() },
      later: {
        1500: (w) => w.wireguard.peerInitiates(),
        6900: (w) => w.wireguard.peerInitiates(),
      },
    }).run();
    expect(world.facts('condemned')[0]?.reason).toContain('does not hear us');
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.endpoint()).toBe(v4);
  });

  it('is not given up for full-size packets of a PPPoE path, whose sizes look like initiations', () => {
    const world = createWorld({
      endpoint: v6,
      inner: 'silent',
      paths: { [v6]: path.good(), [v4]: path.good() },
      later: Object.fromEntries(
        Array.from({ length: 4 }, (_, i) => [500 + i * 700, (w) => w.wireguard.peerSends(1_412)]),
      ),
    }).run();
    expect(world.facts('condemned')).toEqual([]);
    expect(moves(world)).toEqual([]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
  });

  it('is followed when it roams, and the new one has to prove itself', () => {
    const world = createWorld({
      endpoint: v6,
      inner: 'silent',
      paths: { [v6]: path.good(), [v4]: path.good(), [elsewhere]: path.good() },
      later: { 3000: (w) => w.wireguard.setEndpoint(elsewhere) },
    }).run();
    expect(world.facts('roamed')).toEqual([{ kind: 'roamed', from: v6, to: elsewhere }]);
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(world.facts('proven')[0]?.proof.endpoint).toBe(elsewhere);
    expect(moves(world)).toEqual([]);
    expect(world.endpoint()).toBe(elsewhere);
  });

  it('is proven over a path with a round trip of three seconds', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.good(3_000) } }).run();
    expect(world.outcome()).toEqual({ kind: 'proven' });
    expect(moves(world)).toEqual([]);
  });

  it('is not proven by an echo that belongs to an older generation', () => {
    const world = createWorld({ endpoint: v6, inner: 'silent', paths: { [v6]: path.good() } });
    world.run(5_000);
    expect(world.machine.snapshot().generation).toBeGreaterThan(0);
    world.wireguard.peerSends(96);
    world.dispatch({ type: 'echo-answered', echo: 1, generation: 0, rttMs: 4_000 });
    world.run(9_000);
    expect(world.facts('proven')).toEqual([]);
  });

  it('is not proven without any inner address to send to, while it has a session', () => {
    const world = createWorld({
      endpoint: v6,
      config: { echoTargets: [] },
      paths: { [v6]: path.dead(), [v4]: path.good() },
    }).run();
    expect(world.outcome()?.kind).toBe('undecided');
    expect(world.sets()).toEqual([]);
  });

  it('is read only: a peer that vanishes ends the run', () => {
    const world = createWorld({ endpoint: v6, inner: 'silent', paths: { [v6]: path.good() } });
    world.run(2_500);
    world.dispatch({ type: 'peer-gone', detail: 'wg0 does not have the peer any more' });
    expect(world.outcome()).toEqual({ kind: 'gone', detail: 'wg0 does not have the peer any more' });
    const before = world.actions().length;
    world.run();
    world.dispatch({ type: 'time' });
    expect(world.actions()).toHaveLength(before);
  });

  it('is not looked at twice when the first reading fails', () => {
    const world = createWorld({ endpoint: v6, paths: { [v6]: path.good() }, observeFails: () => true }).run();
    expect(world.outcome()).toEqual({ kind: 'failed', detail: 'wg failed' });
  });
});
