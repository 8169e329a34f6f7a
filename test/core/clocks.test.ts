import { describe, expect, it } from 'vitest';
import { compareClocks } from '../../src/core/clocks.ts';

const first = { monotonicMs: 1_000, bootMs: 50_000, wallMs: 1_800_000_000_000 };
const later = (monotonicMs: number, bootMs = monotonicMs, wallMs = bootMs) => ({
  monotonicMs: first.monotonicMs + monotonicMs,
  bootMs: first.bootMs + bootMs,
  wallMs: first.wallMs + wallMs,
});

describe('two readings of the clocks', () => {
  it('say nothing where a tick was on time, or a little late', () => {
    expect(compareClocks(first, later(1_000), 1_000)).toBeNull();
    expect(compareClocks(first, later(1_999), 1_000)).toBeNull();
  });

  it('tell a stalled loop, a suspend and a clock that was set', () => {
    expect(compareClocks(first, later(2_000), 1_000)).toMatchObject({
      stalledMs: 1_000,
      suspendedMs: 0,
      steppedMs: 0,
    });
    expect(compareClocks(first, later(1_000, 61_000), 1_000)).toMatchObject({
      stalledMs: 0,
      suspendedMs: 60_000,
      steppedMs: 0,
    });
    expect(compareClocks(first, later(1_000, 1_000, -9_000), 1_000)).toMatchObject({
      steppedMs: -10_000,
      suspendedMs: 0,
    });
    expect(compareClocks(first, later(1_000, 1_000, 3_600_000), 1_000)).toMatchObject({
      steppedMs: 3_599_000,
    });
  });

  it('do not take the coarse clock of the kernel for a suspend', () => {
    expect(compareClocks(first, later(1_000, 1_010, 1_000), 1_000)).toBeNull();
    expect(compareClocks(first, later(1_000, 2_999, 2_999), 1_000)).toBeNull();
  });
});
