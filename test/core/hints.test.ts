import { describe, expect, it } from 'vitest';
import { ours } from '../../src/core/constants.ts';
import { createHints, graceEndsAtMs } from '../../src/core/hints.ts';
import { v4, v6 } from './world.ts';

describe('pings outside the tunnel', () => {
  it('leave at their times, each once, and silence is called after the last', () => {
    const hints = createHints();
    hints.begin(v6, 100);
    for (const offsetMs of ours.hintEchoAtMs) {
      expect(hints.nextDueMs()).toBe(100 + offsetMs);
      if (offsetMs > 0) expect(hints.step(100 + offsetMs - 1)).toEqual({ send: [], silent: [] });
      expect(hints.step(100 + offsetMs)).toEqual({ send: [v6], silent: [] });
      expect(hints.step(100 + offsetMs)).toEqual({ send: [], silent: [] });
    }
    expect(hints.step(100 + ours.hintSilentAfterMs - 1)).toEqual({ send: [], silent: [] });
    expect(hints.step(100 + ours.hintSilentAfterMs)).toEqual({ send: [], silent: [v6] });
    expect(hints.nextDueMs()).toBeNull();
  });

  it('stop for an address that has answered, and go on for the others', () => {
    const hints = createHints();
    hints.begin(v6, 0);
    hints.begin(v4, 0);
    hints.step(0);
    hints.end(v4);
    expect(hints.step(250)).toEqual({ send: [v6], silent: [] });
  });

  it('are not begun twice', () => {
    const hints = createHints();
    hints.begin(v6, 0);
    hints.step(0);
    hints.begin(v6, 10);
    expect(hints.begunAtMs(v6)).toBe(0);
    expect(hints.step(10)).toEqual({ send: [], silent: [] });
    expect(hints.begunAtMs(v4)).toBeNull();
  });

  it('give the third echo time to come back: 250 ms, or three round trips', () => {
    const thirdMs = ours.hintEchoAtMs[2];
    expect(graceEndsAtMs(0, 20)).toBe(thirdMs + ours.familyGraceMs);
    expect(graceEndsAtMs(1_000, 200)).toBe(1_000 + thirdMs + 600);
  });
});
