import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDurationMs } from '../../src/sources/config-duration.ts';

describe('parseDurationMs', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['6h', 21_600_000],
    ['1d', 86_400_000],
    ['0s', 0],
  ])('reads %s', (text, expectedMs) => {
    expect(parseDurationMs(text)).toBe(expectedMs);
  });

  it.each(['', '10', 'm', '10 m', '-1m', '1.5h', '10M', '10min', '1h30m', '10m\n', '123456789s', 'never'])(
    'refuses %j',
    (text) => {
      expect(parseDurationMs(text)).toBeNull();
    },
  );

  it('is exact for every number it takes', () => {
    fc.assert(
      fc.property(
        fc.nat(99_999_999),
        fc.constantFrom(['s', 1], ['m', 60], ['h', 3_600], ['d', 86_400] as const),
        (count, [unit, seconds]) => {
          expect(parseDurationMs(`${count}${unit}`)).toBe(count * Number(seconds) * 1_000);
          expect(Number.isSafeInteger(parseDurationMs(`${count}${unit}`))).toBe(true);
        },
      ),
    );
  });
});
