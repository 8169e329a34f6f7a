import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPauses } from '../../src/daemon/pauses.ts';
import type { PeerName } from '../../src/daemon/peer-name.ts';

const hourMs = 3_600_000;
const [one, two] = ['wg0', 'wg1'].map((name): PeerName => ({ interface: name, publicKey: 'key' }));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function scene() {
  const over: string[] = [];
  const pauses = createPauses((peer) => over.push(peer.interface));
  if (one === undefined || two === undefined) throw new Error('no peers');
  return { one, two, over, pauses };
}

test('a pause lasts until it is ended, or for as long as was said', () => {
  const { one, two, over, pauses } = scene();
  pauses.begin(one, null);
  pauses.begin(two, 5_000);
  vi.advanceTimersByTime(4_900);
  expect(over).toEqual([]);
  expect(pauses.of({ ...two })).toMatchObject({ untilMs: performance.now() + 100 });
  vi.advanceTimersByTime(200);
  expect(over).toEqual(['wg1']);
  expect(pauses.of(two)).toBeNull();
  vi.advanceTimersByTime(400 * 24 * hourMs);
  expect(pauses.all()).toEqual([one]);
  pauses.end(one);
  expect(pauses.of(one)).toBeNull();
  expect(over).toEqual(['wg1']);
});

test('the last word counts', () => {
  const { one, over, pauses } = scene();
  pauses.begin(one, 1_000);
  pauses.begin(one, 10_000);
  vi.advanceTimersByTime(9_000);
  expect(over).toEqual([]);
  pauses.begin(one, null);
  vi.advanceTimersByTime(hourMs);
  expect(over).toEqual([]);
  pauses.begin(one, 1_000);
  pauses.end(one);
  vi.advanceTimersByTime(hourMs);
  expect(over).toEqual([]);
});

test('a pause of a year is no pause of a millisecond', () => {
  const { one, over, pauses } = scene();
  pauses.begin(one, 365 * 24 * hourMs);
  vi.advanceTimersByTime(364 * 24 * hourMs);
  expect(pauses.of(one)).not.toBeNull();
  expect(over).toEqual([]);
  vi.advanceTimersByTime(2 * 24 * hourMs);
  expect(over).toEqual(['wg0']);
});

test('after the end nothing is over any more', () => {
  const { one, over, pauses } = scene();
  pauses.begin(one, 1_000);
  pauses.close();
  vi.advanceTimersByTime(hourMs);
  expect(over).toEqual([]);
});
