import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextTimestampMs, timestampAt } from '../../src/noise/tai64n.ts';
import { hex, vectors } from './vectors.ts';

/** Until the year 2200. */
const wallTimes = fc.oneof(
  fc.nat(7_258_118_400_000),
  fc.integer({ min: 1_795_000_000_000, max: 1_795_000_003_000 }),
);

/** Unix nanoseconds of a timestamp. */
function nanosecondsOf(timestamp: Uint8Array): bigint {
  const view = new DataView(timestamp.buffer);
  return (view.getBigUint64(0) - 0x400000000000000an) * 1_000_000_000n + BigInt(view.getUint32(8));
}

test.each(vectors.map(({ wallMs, timestamp }) => [wallMs, timestamp] as const))(
  'at %d ms, as an independent implementation has it',
  (wallMs, timestamp) => {
    expect(hex(timestampAt(wallMs))).toBe(timestamp);
  },
);

test('never above the clock, at most a granule behind it, and never falling', () => {
  fc.assert(
    fc.property(wallTimes, fc.nat(100), (wallMs, laterMs) => {
      const behind = BigInt(wallMs) * 1_000_000n - nanosecondsOf(timestampAt(wallMs));
      expect(behind).toBeGreaterThanOrEqual(0n);
      expect(behind).toBeLessThan(16_777_216n);
      expect(hex(timestampAt(wallMs + laterMs)) >= hex(timestampAt(wallMs))).toBe(true);
      expect(hex(timestampAt(wallMs + 0.9))).toBe(hex(timestampAt(wallMs)));
    }),
  );
});

test('the next timestamp is the first that is later, at most 17 ms away', () => {
  fc.assert(
    fc.property(wallTimes, (wallMs) => {
      const next = nextTimestampMs(wallMs);
      const now = hex(timestampAt(wallMs));
      expect(hex(timestampAt(next)) > now).toBe(true);
      expect(hex(timestampAt(next - 1))).toBe(now);
      expect(next - wallMs).toBeLessThanOrEqual(17);
    }),
  );
});
