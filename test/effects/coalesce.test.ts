import { beforeEach, expect, test, vi } from 'vitest';
import { coalesce } from '../../src/effects/coalesce.ts';

const lastsMs = 100;

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

function createReader() {
  const beganAtMs: number[] = [];
  const read = async (): Promise<number> => {
    beganAtMs.push(performance.now());
    const number = beganAtMs.length;
    await new Promise((resolve) => setTimeout(resolve, lastsMs));
    return number;
  };
  return { read, beganAtMs };
}

test('nobody gets a reading that began before it asked, and all who wait share the next one', async () => {
  const { read, beganAtMs } = createReader();
  const shared = coalesce(read);
  const first = shared();
  await vi.advanceTimersByTimeAsync(lastsMs / 2);
  const second = shared();
  const third = shared();
  await vi.advanceTimersByTimeAsync(3 * lastsMs);
  expect(await Promise.all([first, second, third])).toEqual([1, 2, 2]);
  expect(beganAtMs).toHaveLength(2);
});

test('readings rest in proportion to what they take', async () => {
  const { read, beganAtMs } = createReader();
  const shared = coalesce(read, 3);
  void shared();
  await vi.advanceTimersByTimeAsync(1);
  void shared();
  await vi.advanceTimersByTimeAsync(10 * lastsMs);
  expect(beganAtMs).toHaveLength(2);
  expect((beganAtMs[1] ?? 0) - (beganAtMs[0] ?? 0)).toBe(4 * lastsMs);
});
