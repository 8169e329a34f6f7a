import { expect, test } from 'vitest';
import { atMost } from '../../src/host/at-most.ts';

test('so many at a time, in order, and a failure gives its place back', async () => {
  const limited = atMost(2);
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const results = [0, 1, 2, 3].map((number) =>
    limited(async () => {
      begun.push(number);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (number === 0) throw new Error('no');
      return number;
    }),
  );
  const settled = Promise.allSettled(results);
  await settledSoon();
  expect(begun).toEqual([0, 1]);
  ends[0]?.();
  await settledSoon();
  expect(begun).toEqual([0, 1, 2]);
  ends[2]?.();
  await settledSoon();
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[1]?.();
  ends[3]?.();
  expect((await settled).map(({ status }) => status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
});

function settledSoon(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
