import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTraceHash } from '../../sim/trace-hash.ts';
import { createRandomWorld, type RandomWorld } from './random-world.ts';

const seed = fc.integer({ min: 1, max: 2 ** 40 });
const runs = { numRuns: 25 };

/** Half an hour of a random world; `look` is called after each event. */
function live(world: RandomWorld, look: () => void = () => {}): void {
  const { clock } = world.tunnel;
  while (clock.nowMs() < 1_800_000 && clock.runNext()) look();
}

/** Everything that a run did, in one number. */
function traceOf(worldSeed: number): string {
  const world = createRandomWorld(worldSeed);
  const hash = createTraceHash();
  world.tunnel.network.observe((fate, datagram, atMs) => {
    hash.text(fate);
    hash.text(`${datagram.source} ${datagram.destination} ${datagram.payload.kind}`);
    hash.number(datagram.payloadBytes);
    hash.number(atMs);
  });
  live(world);
  for (const status of world.statuses()) hash.text(JSON.stringify(status));
  return hash.digest();
}

describe('a random world', () => {
  it('is the same for the same seed, and another for another', () => {
    fc.assert(
      fc.property(seed, (one) => {
        const trace = traceOf(one);
        expect(traceOf(one)).toBe(trace);
        expect(traceOf(one + 1)).not.toBe(trace);
      }),
      { numRuns: 8 },
    );
  });

  it('never counts backwards, except when a peer is made anew', () => {
    let grown = 0;
    fc.assert(
      fc.property(seed, (one) => {
        const world = createRandomWorld(one);
        let before = world.statuses();
        let events = 0;
        live(world, () => {
          if (++events % 50 !== 0 && !world.recreated()) return;
          const now = world.statuses();
          const fresh = world.takeRecreated();
          now.forEach((status, index) => {
            const last = before[index];
            if (!last || fresh) return;
            if (status.rxBytes > last.rxBytes) grown++;
            expect(status.rxBytes).toBeGreaterThanOrEqual(last.rxBytes);
            expect(status.txBytes).toBeGreaterThanOrEqual(last.txBytes);
            expect(status.rxFrameErrors).toBeGreaterThanOrEqual(last.rxFrameErrors ?? 0);
          });
          before = now;
        });
      }),
      runs,
    );
    expect(grown).toBeGreaterThan(100);
  });

  it('sends at most one initiation per 5 s and peer, except when a peer is made anew', () => {
    let pairs = 0;
    fc.assert(
      fc.property(seed, (one) => {
        const world = createRandomWorld(one);
        const last = new Map<string, number>();
        world.tunnel.network.observe((fate, { payload }, atMs) => {
          if (fate !== 'sent' || payload.kind !== 'initiation') return;
          const sinceMs = atMs - (last.get(payload.initiatorKey) ?? Number.NEGATIVE_INFINITY);
          last.set(payload.initiatorKey, atMs);
          if (world.madeAnewSince(atMs - sinceMs)) return;
          if (Number.isFinite(sinceMs)) pairs++;
          expect(sinceMs).toBeGreaterThanOrEqual(5_000 - 1e-6);
        });
        live(world);
      }),
      runs,
    );
    expect(pairs).toBeGreaterThan(100);
  });

  it('loses no packet unaccounted, and counts no byte that was not sent', () => {
    fc.assert(
      fc.property(seed, (one) => {
        const world = createRandomWorld(one);
        const { network } = world.tunnel;
        live(world);
        const counts = network.counts();
        const ended =
          counts.delivered +
          counts.blocked +
          counts.lost +
          counts['too-big'] +
          counts.undeliverable +
          counts.unwanted;
        expect(counts.sent).toBe(ended + network.inFlight());
        expect(counts.delivered).toBeGreaterThan(10);
        if (world.everMadeAnew()) return;
        const [client, server] = world.statuses();
        expect(client?.rxBytes).toBeLessThanOrEqual(server?.txBytes ?? 0);
        expect(server?.rxBytes).toBeLessThanOrEqual(client?.txBytes ?? 0);
      }),
      runs,
    );
  });
});
