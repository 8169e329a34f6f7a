import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, medianRatio, percentile } from '../../bench/statistics.ts';

const values = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 60 });

describe('median', () => {
  it('is the middle of an odd number of values, in whatever order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('is between the two middle ones of an even number', () => {
    expect(median([100, 1, 3, 2])).toBe(2.5);
  });

  it('does not sort as text, and leaves the given values alone', () => {
    const given = [10, 9, 100];
    expect(median(given)).toBe(10);
    expect(given).toEqual([10, 9, 100]);
  });

  it('of no values is nothing', () => {
    expect(median([])).toBeNull();
  });

  it('has as many values at or below as at or above', () => {
    fc.assert(
      fc.property(values, (given) => {
        const middle = median(given) ?? Number.NaN;
        const below = given.filter((value) => value <= middle).length;
        const above = given.filter((value) => value >= middle).length;
        expect(below * 2).toBeGreaterThanOrEqual(given.length);
        expect(above * 2).toBeGreaterThanOrEqual(given.length);
      }),
    );
  });
});

describe('percentile', () => {
  it('of ten values is the largest for 95, of twenty the second largest', () => {
    const ten = Array.from({ length: 10 }, (_, index) => index + 1);
    const twenty = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(percentile(ten, 95)).toBe(10);
    expect(percentile(twenty, 95)).toBe(19);
  });

  it('of no values is nothing', () => {
    expect(percentile([], 95)).toBeNull();
  });

  it('is a value that was seen, which enough of them do not exceed, and the smallest such', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (given, percent) => {
        const found = percentile(given, percent) ?? Number.NaN;
        const wanted = (percent / 100) * given.length;
        expect(given).toContain(found);
        expect(given.filter((value) => value <= found).length).toBeGreaterThanOrEqual(wanted);
        expect(given.filter((value) => value < found).length).toBeLessThan(wanted);
      }),
    );
  });
});

describe('medianRatio', () => {
  it('is the median of the ratios, not the ratio of the medians', () => {
    const pairs = [
      [10, 1],
      [20, 10],
      [300, 100],
    ] as const;
    expect(medianRatio(pairs)).toBe(3);
    expect((median([10, 20, 300]) ?? 0) / (median([1, 10, 100]) ?? 1)).toBe(2);
  });

  it('leaves out pairs that cannot be divided', () => {
    expect(medianRatio([[5, 0]])).toBeNull();
    expect(
      medianRatio([
        [5, 0],
        [8, 2],
      ]),
    ).toBe(4);
  });
});
