import { createEventQueue } from './event-queue.ts';

/** The one clock of a virtual world: time passes only by running events. It is not what a host's clocks show. */
export interface Clock {
  /** Milliseconds since the world began. */
  nowMs(): number;
  /** Runs the handler at that time, or next if the time is past. Events of one time run in the order given here. */
  at<Argument>(timeMs: number, handler: (argument: Argument) => void, argument: Argument): void;
  /** Runs the handler after that many milliseconds. */
  after<Argument>(delayMs: number, handler: (argument: Argument) => void, argument: Argument): void;
  /** Runs the first event that waits; false if there is none. */
  runNext(): boolean;
  /** Runs every event up to and including that time, then stands at that time. */
  runUntil(timeMs: number): void;
  /** `runUntil` so many milliseconds from now. */
  runFor(durationMs: number): void;
  /** Events run since the beginning. */
  eventCount(): number;
}

/** Makes a clock at zero. */
export function createClock(): Clock {
  const queue = createEventQueue();
  let nowMs = 0;
  let eventCount = 0;

  const at: Clock['at'] = (timeMs, handler, argument) =>
    queue.push(Math.max(timeMs, nowMs), handler, argument);

  const runNext = (): boolean => {
    const timeMs = queue.firstMs();
    if (timeMs === Number.POSITIVE_INFINITY) return false;
    nowMs = timeMs;
    eventCount++;
    return queue.runFirst();
  };

  const runUntil = (timeMs: number): void => {
    while (queue.firstMs() <= timeMs) runNext();
    if (timeMs > nowMs) nowMs = timeMs;
  };

  return {
    nowMs: () => nowMs,
    at,
    after: (delayMs, handler, argument) => at(nowMs + delayMs, handler, argument),
    runNext,
    runUntil,
    runFor: (durationMs) => runUntil(nowMs + durationMs),
    eventCount: () => eventCount,
  };
}
