import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timestampAt } from '../../../src/noise/tai64n.ts';
import {
  createSchedule,
  type Moment,
  type Schedule,
  spacing,
} from '../../../src/probe/handshake/schedule.ts';

const wallStartMs = 1_795_000_000_000;
const at = (monotonicMs: number, wallMs = wallStartMs + monotonicMs, seenMs = 0): Moment => ({
  monotonicMs,
  wallMs,
  seenMs,
});

/** Sends what may leave at that moment, and gives its id; null if nothing may. */
function leave(schedule: Schedule, now: Moment): number | null {
  const next = schedule.next(now);
  if (next.kind !== 'send') return null;
  schedule.sent(next.id, now);
  return next.id;
}

describe('the order of initiations', () => {
  test('one after the other, as asked for, at a distance', () => {
    const schedule = createSchedule();
    expect(schedule.next(at(0))).toEqual({ kind: 'idle' });
    for (const id of [3, 1, 2]) schedule.ask(id, false);
    schedule.ask(3, false);
    expect(leave(schedule, at(0))).toBe(3);
    expect(schedule.next(at(10))).toEqual({ kind: 'wait', ms: 40 });
    expect(leave(schedule, at(50))).toBe(1);
    expect(schedule.settledAtMs()).toBe(100);
    expect(leave(schedule, at(99.9))).toBeNull();
    expect(leave(schedule, at(100))).toBe(2);
    expect(schedule.next(at(1_000))).toEqual({ kind: 'idle' });
  });

  test('one that is to be alone waits for those under way, and those behind it wait for its end', () => {
    const schedule = createSchedule();
    schedule.ask(1, false);
    expect(leave(schedule, at(0))).toBe(1);
    schedule.ask(2, true);
    schedule.ask(3, false);
    expect(schedule.next(at(100))).toEqual({ kind: 'idle' });
    schedule.settle(1);
    expect(leave(schedule, at(100))).toBe(2);
    expect(schedule.next(at(500))).toEqual({ kind: 'idle' });
    schedule.settle(2);
    expect(leave(schedule, at(500))).toBe(3);
  });

  test('two that were under way and both want to be alone do not wait for each other', () => {
    const schedule = createSchedule();
    for (const id of [1, 2]) {
      schedule.ask(id, false);
      expect(leave(schedule, at(id * 50))).toBe(id);
    }
    schedule.ask(1, true);
    schedule.ask(2, true);
    expect(leave(schedule, at(200))).toBe(1);
    expect(leave(schedule, at(400))).toBeNull();
    schedule.settle(1);
    expect(leave(schedule, at(400))).toBe(2);
  });

  test('who leaves the line is not sent', () => {
    const schedule = createSchedule();
    schedule.ask(1, false);
    schedule.ask(2, false);
    schedule.settle(1);
    expect(leave(schedule, at(0))).toBe(2);
  });
});

describe('the wall clock', () => {
  test('the same granule is waited out, since its timestamp would be no later', () => {
    const schedule = createSchedule(wallStartMs);
    schedule.ask(1, false);
    const next = schedule.next(at(0));
    if (next.kind !== 'wait') throw new Error(next.kind);
    expect(next.ms).toBeLessThanOrEqual(17);
    expect(leave(schedule, at(next.ms))).toBe(1);
    expect(schedule.lastWallMs()).toBe(wallStartMs + next.ms);
  });

  test('behind the last timestamp used, or the last handshake seen: told, and not sent', () => {
    for (const [last, seen] of [
      [wallStartMs + 3_000, 0],
      [0, wallStartMs + 3_000],
    ] as const) {
      const schedule = createSchedule(last);
      schedule.ask(1, false);
      const next = schedule.next(at(0, wallStartMs, seen));
      expect(next).toMatchObject({ kind: 'clock-behind', id: 1 });
      if (next.kind === 'clock-behind') expect(Math.abs(next.behindMs - 3_000)).toBeLessThanOrEqual(17);
      expect(schedule.next(at(0, wallStartMs, seen))).toEqual({ kind: 'idle' });
      schedule.ask(1, false);
      expect(leave(schedule, at(0, wallStartMs + 3_017, seen))).toBe(1);
    }
  });
});

describe('whether the peer may have dropped an initiation', () => {
  /** Two sent 50 ms apart, of which one is answered. */
  const sentAt = (answered: number, atMs: number): Schedule => {
    const schedule = createSchedule();
    for (const id of [1, 2]) {
      schedule.ask(id, false);
      leave(schedule, at(id * 50));
    }
    schedule.answered(answered, atMs);
    schedule.settle(answered);
    return schedule;
  };

  test('a later one was answered: it may have come first, with its later timestamp', () => {
    expect(sentAt(2, 5_000).mayBeDropped(1)).toBe(true);
    expect(sentAt(2, 101).mayBeDropped(1)).toBe(true);
  });

  test('an earlier one was answered: only if that was not long before', () => {
    // The second left at 100 ms.
    expect(sentAt(1, 60).mayBeDropped(2)).toBe(false);
    expect(sentAt(1, 100 - spacing.floodMs).mayBeDropped(2)).toBe(false);
    expect(sentAt(1, 101 - spacing.floodMs).mayBeDropped(2)).toBe(true);
    expect(sentAt(1, 130).mayBeDropped(2)).toBe(true);
  });

  test('its own answer, none, or nothing under way: no', () => {
    expect(sentAt(1, 130).mayBeDropped(1)).toBe(false);
    const schedule = createSchedule();
    schedule.ask(1, false);
    expect(schedule.mayBeDropped(1)).toBe(false);
    leave(schedule, at(0));
    expect(schedule.mayBeDropped(1)).toBe(false);
    schedule.answered(1, 10);
    expect(schedule.mayBeDropped(1)).toBe(false);
  });
});

/** What a caller may do, in any order. */
type Step =
  | { readonly do: 'ask'; readonly id: number; readonly alone: boolean }
  | { readonly do: 'settle'; readonly id: number }
  | { readonly do: 'answered'; readonly id: number }
  | { readonly do: 'time'; readonly ms: number; readonly stepMs: number };

const id = fc.nat(4);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('ask' as const), id, alone: fc.boolean() }),
  fc.record({ do: fc.constant('settle' as const), id }),
  fc.record({ do: fc.constant('answered' as const), id }),
  fc.record({
    do: fc.constant('time' as const),
    ms: fc.integer({ min: 0, max: 200 }),
    stepMs: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.integer({ min: -5_000, max: 5_000 })),
  }),
);

test('whatever happens: 50 ms apart, timestamps rise and are never above the clock, and alone is alone', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (script) => {
      const schedule = createSchedule();
      const asked = new Map<number, boolean>();
      const underWay = new Map<number, boolean>();
      let now = at(0);
      let lastTimestamp = '';
      let lastSentMs = Number.NEGATIVE_INFINITY;
      const pump = (): void => {
        for (;;) {
          const next = schedule.next(now);
          if (next.kind === 'clock-behind') asked.delete(next.id);
          if (next.kind === 'idle' || next.kind === 'wait') return;
          if (next.kind === 'clock-behind') continue;
          const alone = asked.get(next.id);
          expect(alone).toBeDefined();
          const others = [...underWay].filter(([other]) => other !== next.id);
          if (alone) expect(others).toEqual([]);
          expect(others.some(([, each]) => each)).toBe(false);
          const timestamp = Buffer.from(timestampAt(now.wallMs)).toString('hex');
          expect(timestamp > lastTimestamp).toBe(true);
          expect(now.monotonicMs - lastSentMs).toBeGreaterThanOrEqual(50);
          [lastTimestamp, lastSentMs] = [timestamp, now.monotonicMs];
          schedule.sent(next.id, now);
          asked.delete(next.id);
          underWay.set(next.id, alone === true);
        }
      };
      for (const step of script) {
        if (step.do === 'ask') {
          schedule.ask(step.id, step.alone);
          underWay.delete(step.id);
          if (!asked.has(step.id)) asked.set(step.id, step.alone);
        } else if (step.do === 'settle') {
          schedule.settle(step.id);
          asked.delete(step.id);
          underWay.delete(step.id);
        } else if (step.do === 'answered') schedule.answered(step.id, now.monotonicMs);
        else now = at(now.monotonicMs + step.ms, now.wallMs + step.ms + step.stepMs);
        pump();
      }
      // Nobody is forgotten: once all others are settled, whoever waits leaves.
      for (const other of underWay.keys()) schedule.settle(other);
      underWay.clear();
      for (const waiting = asked; waiting.size > 0; ) {
        now = at(now.monotonicMs + 100, Math.max(now.wallMs, schedule.lastWallMs()) + 100);
        const before = waiting.size;
        pump();
        for (const other of underWay.keys()) schedule.settle(other);
        underWay.clear();
        expect(waiting.size).toBeLessThan(before);
      }
    }),
    { numRuns: 300 },
  );
});
