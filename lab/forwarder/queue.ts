/**
 * Things that wait for their time. Of two that are due at the same time, the one pushed first comes first.
 */
export interface DueQueue<T> {
  push(dueMs: number, item: T): void;
  /** When the earliest is due, or null when nothing waits. */
  nextDueMs(): number | null;
  /** Takes out the earliest if it is due by `nowMs`, else null. */
  take(nowMs: number): T | null;
}

interface Entry<T> {
  readonly dueMs: number;
  readonly order: number;
  readonly item: T;
}

/**
 * A queue ordered by time: a binary heap, since with jitter packets come out in another order than they went
 * in.
 */
export function createDueQueue<T>(): DueQueue<T> {
  const heap: Entry<T>[] = [];
  let pushed = 0;

  const before = (a: Entry<T>, b: Entry<T>) => (a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs);

  function rise(entry: Entry<T>): void {
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  function sink(entry: Entry<T>): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const [child, below] = b !== undefined && before(b, a) ? [left + 1, b] : [left, a];
      if (!before(below, entry)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = entry;
  }

  return {
    push: (dueMs, item) => {
      rise({ dueMs, order: pushed, item });
      pushed += 1;
    },
    nextDueMs: () => heap[0]?.dueMs ?? null,
    take: (nowMs) => {
      const first = heap[0];
      if (first === undefined || first.dueMs > nowMs) return null;
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) sink(last);
      return first.item;
    },
  };
}
