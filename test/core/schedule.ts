/** A virtual clock with a queue: things happen at their time, those of one moment in the order of their making. */
export interface Schedule {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Lets something happen `delayMs` from now. */
  after(delayMs: number, run: () => void): void;
  /** When the next thing happens, or null. */
  nextMs(): number | null;
  /** Moves the clock to that moment and lets all that is due happen. Never moves it back. */
  advanceTo(ms: number): void;
}

/** Creates an empty schedule whose clock stands at `startMs`. */
export function createSchedule(startMs: number): Schedule {
  let clockMs = startMs;
  let made = 0;
  let queue: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  return {
    nowMs: () => clockMs,
    after(delayMs, run) {
      queue.push({ atMs: clockMs + Math.max(0, delayMs), order: made++, run });
    },
    nextMs() {
      return queue.length === 0 ? null : Math.min(...queue.map((entry) => entry.atMs));
    },
    advanceTo(ms) {
      clockMs = Math.max(clockMs, ms);
      for (;;) {
        const due = queue.filter((entry) => entry.atMs <= clockMs);
        if (due.length === 0) return;
        queue = queue.filter((entry) => entry.atMs > clockMs);
        for (const entry of due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)) entry.run();
      }
    },
  };
}
