import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/index.ts';

/** A path that is bad and alive: nobody has a reason to leave it. */
export interface Weather {
  readonly name: string;
  /** For the table. */
  readonly title: string;
  /** Makes it so until `stop` is aborted. `random` gives 0 to 1. */
  readonly begin: (lab: Pick<Lab, 'path'>, random: () => number, stop: AbortSignal) => Promise<void>;
}

const lossPercent = 2;
/** One way: a round trip of 600 ms, and 300 ms more or less. */
const slowDelay = { delayMs: 300, jitterMs: 150 };
/** With the other way's 300 ms this is a round trip of 5 s. */
const peakDelayMs = 4_700;
const peakLastsMs = 1_000;
const leastBetweenPeaksMs = 10_000;
const mostBetweenPeaksMs = 30_000;

/** Each packet is lost with 2 %, each way. */
export const loss: Weather = {
  name: 'loss',
  title: '2 % random loss each way',
  begin: (lab) => lab.path.set({ lossPercent }),
};

/**
 * A satellite or a full queue. In a peak, what leaves in one second in one direction comes 4.7 s later: behind
 * packets that were sent after it.
 */
export const slow: Weather = {
  name: 'slow',
  title: '600 ± 300 ms round trip, peaks of 5 s',
  begin: async (lab, random, stop) => {
    await lab.path.setDefault(slowDelay);
    const peaks = async () => {
      for (;;) {
        const pauseMs = leastBetweenPeaksMs + random() * (mostBetweenPeaksMs - leastBetweenPeaksMs);
        await sleep(pauseMs, undefined, { signal: stop });
        const direction = random() < 0.5 ? 'up' : 'down';
        const over = await lab.path.add({ direction, delayMs: peakDelayMs, jitterMs: 0 });
        await sleep(peakLastsMs, undefined, { signal: stop });
        await over();
      }
    };
    // It ends by being stopped, which is no error.
    peaks().catch(() => undefined);
  },
};
