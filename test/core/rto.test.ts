import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ours } from '../../src/core/constants.ts';
import { createRto } from '../../src/core/rto.ts';

describe('the learned time-out', () => {
  it('is one second before anything was learned', () => {
    expect(createRto().timeoutMs()).toBe(1_000);
    expect(createRto().smoothedMs()).toBeNull();
  });

  it('follows RFC 6298', () => {
    const rto = createRto();
    rto.learn(400); // SRTT = 400, RTTVAR = 200
    expect(rto.smoothedMs()).toBe(400);
    expect(rto.timeoutMs()).toBe(1_200);
    rto.learn(800); // RTTVAR = 3/4 × 200 + 1/4 × 400 = 250, SRTT = 7/8 × 400 + 1/8 × 800 = 450
    expect(rto.smoothedMs()).toBe(450);
    expect(rto.timeoutMs()).toBe(1_450);
  });

  it('settles on a steady path at the floor, and takes peaks of seconds', () => {
    const rto = createRto();
    for (let i = 0; i < 50; i++) rto.learn(20);
    expect(rto.timeoutMs()).toBe(ours.minRtoMs);
    rto.learn(4_000);
    expect(rto.timeoutMs()).toBeGreaterThan(4_000);
  });

  it('never leaves its bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 60_000, noNaN: true })), (rtts) => {
        const rto = createRto();
        for (const rttMs of rtts) {
          rto.learn(rttMs);
          expect(rto.timeoutMs()).toBeGreaterThanOrEqual(ours.minRtoMs);
          expect(rto.timeoutMs()).toBeLessThanOrEqual(ours.maxRtoMs);
        }
      }),
    );
  });
});
