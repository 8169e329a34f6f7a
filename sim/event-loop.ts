import type { Clock } from './clock.ts';
import type { HostClock, Timer } from './host-clock.ts';

/**
 * The event loop of one program on one host: what reaches it while it stalls (swap, SD card, SIGSTOP) or while the
 * host sleeps is kept and comes late. The kernel and its WireGuard go on meanwhile.
 */
export interface EventLoop {
  /** Hands something from outside to the program: now, or as soon as it runs again, in the order it came. */
  deliver<Argument>(handler: (argument: Argument) => void, argument: Argument): void;
  /** A timer of the program; its time is the host's monotonic clock. */
  timer(fire: () => void): Timer;
  /** The program stands still from now on for that long. */
  stall(forMs: number): void;
  stalled(): boolean;
  /** The program is gone: nothing is delivered and no timer fires any more. */
  end(): void;
}

/**
 * Makes an event loop. After a stall the timers that are due fire first and only then what came in is read, as
 * Node does: a time-out is seen before the answer that arrived in time.
 */
export function createEventLoop(clock: Clock, host: HostClock): EventLoop {
  let runsAgainAtMs = Number.NEGATIVE_INFINITY;
  let wakeQueued = false;
  let ended = false;
  let late: (() => void)[] = [];
  let waiting: (() => void)[] = [];

  const stalled = (): boolean => clock.nowMs() < runsAgainAtMs || host.suspended();

  const wakeUp = (): void => {
    wakeQueued = false;
    if (stalled()) {
      queueWake();
      return;
    }
    const work = [...late, ...waiting];
    late = [];
    waiting = [];
    for (const run of work) if (!ended) run();
  };
  const queueWake = (): void => {
    if (wakeQueued) return;
    wakeQueued = true;
    clock.at(Math.max(runsAgainAtMs, host.wakesAtMs()), wakeUp, undefined);
  };

  return {
    deliver(handler, argument) {
      if (ended) return;
      // While anything waits, what comes now must wait behind it.
      if (!stalled() && !wakeQueued) {
        handler(argument);
        return;
      }
      waiting.push(() => handler(argument));
      queueWake();
    },
    timer(fire) {
      let overdue = false;
      const inner = host.timer(() => {
        if (ended) return;
        if (!stalled() && !wakeQueued) {
          fire();
          return;
        }
        overdue = true;
        late.push(() => {
          if (!overdue) return;
          overdue = false;
          fire();
        });
        queueWake();
      });
      return {
        set(dueMs) {
          overdue = false;
          inner.set(dueMs);
        },
        cancel() {
          overdue = false;
          inner.cancel();
        },
        pending: () => overdue || inner.pending(),
      };
    },
    stall(forMs) {
      runsAgainAtMs = Math.max(runsAgainAtMs, clock.nowMs() + forMs);
      queueWake();
    },
    stalled,
    end() {
      ended = true;
      late = [];
      waiting = [];
    },
  };
}
