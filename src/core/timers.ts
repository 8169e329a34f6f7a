/** Named timers as data: the core never sleeps, it says when it wants to be called next. */
export interface Timers<Name extends string> {
  /** (Re)arms a timer for a moment on the monotonic clock, in milliseconds. */
  set(name: Name, dueMs: number): void;
  /** Disarms a timer; nothing happens if it is not armed. */
  clear(name: Name): void;
  clearAll(): void;
  /** When the earliest timer is due (monotonic milliseconds), or null if none is armed. */
  nextDueMs(): number | null;
  /** Disarms and returns all timers that are due, earliest first. */
  takeExpired(nowMs: number): Name[];
}

/** The earliest of some moments, or null if there is none. */
export function earliest(...moments: readonly (number | null)[]): number | null {
  // Asked after every event: nothing is built for it.
  let first: number | null = null;
  for (const ms of moments) if (ms !== null && (first === null || ms < first)) first = ms;
  return first;
}

/** Creates an empty table of timers. */
export function createTimers<Name extends string>(): Timers<Name> {
  const due = new Map<Name, number>();
  return {
    set(name, dueMs) {
      due.set(name, dueMs);
    },
    clear(name) {
      due.delete(name);
    },
    clearAll() {
      due.clear();
    },
    nextDueMs() {
      let first: number | null = null;
      for (const dueMs of due.values()) if (first === null || dueMs < first) first = dueMs;
      return first;
    },
    takeExpired(nowMs) {
      const earliestMs = this.nextDueMs();
      if (earliestMs === null || earliestMs > nowMs) return [];
      const expired = [...due].filter(([, dueMs]) => dueMs <= nowMs).sort((a, b) => a[1] - b[1]);
      for (const [name] of expired) due.delete(name);
      return expired.map(([name]) => name);
    },
  };
}
