import { describe, expect, it } from 'vitest';
import { createClock } from '../../sim/clock.ts';
import { createEventLoop } from '../../sim/event-loop.ts';
import { createEventQueue } from '../../sim/event-queue.ts';
import { createHostClock } from '../../sim/host-clock.ts';
import { createRandom } from '../../sim/random.ts';
import { wheelExpiryMs } from '../../sim/wireguard/timer-wheel.ts';

describe('the event queue', () => {
  it('gives back thousands of events in order of time, and of insertion within a time', () => {
    const random = createRandom(7);
    const queue = createEventQueue();
    const out: { timeMs: number; order: number }[] = [];
    for (let order = 0; order < 5_000; order++) {
      const timeMs = random.integer(500);
      queue.push(timeMs, (event: { timeMs: number; order: number }) => out.push(event), { timeMs, order });
    }
    while (queue.runFirst());
    const sorted = out.toSorted((one, other) => one.timeMs - other.timeMs || one.order - other.order);
    expect(out).toEqual(sorted);
    expect(out).toHaveLength(5_000);
  });
});

describe('random numbers', () => {
  it('of a split do not depend on how many were drawn before', () => {
    const one = createRandom(3);
    const other = createRandom(3);
    other.next();
    expect(one.split('a').next()).toBe(other.split('a').next());
    expect(one.split('a').next()).not.toBe(one.split('b').next());
  });

  it('are spread evenly', () => {
    const random = createRandom(11);
    const buckets = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw++) {
      const bucket = random.integer(10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});

describe('the clocks of a host', () => {
  it('stand still or run on in a sleep, each in its way, and a timer waits for its time awake', () => {
    const clock = createClock();
    const host = createHostClock(clock, { wallMs: 1_000_000 });
    const firedAtMs: number[] = [];
    host.timer(() => firedAtMs.push(clock.nowMs())).set(5_000);
    clock.runUntil(2_000);
    host.suspend(60_000);
    clock.runUntil(30_000);
    expect(host.monotonicMs()).toBe(2_000);
    expect(host.bootMs()).toBe(30_000);
    host.stepWall(-7_000);
    clock.runUntil(100_000);
    expect(firedAtMs).toEqual([65_000]);
    expect(host.monotonicMs()).toBe(40_000);
    expect(host.wallMs()).toBe(1_000_000 + 100_000 - 7_000);
  });

  it('fire a timer once, at the last time it was set to, sooner or later than before', () => {
    const clock = createClock();
    const host = createHostClock(clock, { wallMs: 0 });
    const firedAtMs: number[] = [];
    const timer = host.timer(() => firedAtMs.push(clock.nowMs()));
    timer.set(1_000);
    timer.set(5_000);
    clock.runUntil(2_000);
    timer.set(3_000);
    clock.runUntil(20_000);
    expect(firedAtMs).toEqual([3_000]);
    timer.set(21_000);
    timer.cancel();
    clock.runUntil(30_000);
    expect(firedAtMs).toEqual([3_000]);
  });
});

describe('an event loop', () => {
  it('fires what is overdue after a stall before it reads what came in, and then works as before', () => {
    const clock = createClock();
    const host = createHostClock(clock, { wallMs: 0 });
    const loop = createEventLoop(clock, host);
    const seen: string[] = [];
    const note = (what: string): void => {
      seen.push(`${what} at ${clock.nowMs()}`);
    };
    const timer = loop.timer(() => note('timer'));
    timer.set(1_500);
    clock.at(1_000, () => loop.stall(5_000), undefined);
    clock.at(1_200, () => loop.deliver(note, 'answer'), undefined);
    clock.at(7_000, () => loop.deliver(note, 'later'), undefined);
    clock.runUntil(10_000);
    expect(seen).toEqual(['timer at 6000', 'answer at 6000', 'later at 7000']);
  });

  it('delivers nothing once it has ended', () => {
    const clock = createClock();
    const loop = createEventLoop(clock, createHostClock(clock, { wallMs: 0 }));
    let seen = 0;
    loop.timer(() => seen++).set(2_000);
    loop.stall(1_000);
    loop.deliver(() => seen++, undefined);
    loop.end();
    clock.runUntil(5_000);
    expect(seen).toBe(0);
  });
});

describe('the timer wheel', () => {
  it.each([
    [200, 4],
    [1_500, 32],
    [10_000, 256],
    [25_000, 2_048],
    [540_000, 16_384],
  ])('fires a timer of %i ms late by up to %i ms, never early', (delayMs, granularityMs) => {
    const random = createRandom(delayMs);
    let latestMs = 0;
    for (let draw = 0; draw < 2_000; draw++) {
      const nowMs = random.between(0, 1e8);
      const lateMs = wheelExpiryMs(nowMs, nowMs + delayMs, 123_456) - nowMs - delayMs;
      expect(lateMs).toBeGreaterThan(-4);
      latestMs = Math.max(latestMs, lateMs);
    }
    expect(latestMs).toBeLessThanOrEqual(granularityMs + 4);
    expect(latestMs).toBeGreaterThan(granularityMs * 0.9);
  });
});
