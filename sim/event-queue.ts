/** Events ordered by time; those of the same time come out in the order in which they went in. */
export interface EventQueue {
  /** Adds one event. A handler with an argument needs no closure, which matters a million times a second. */
  push<Argument>(timeMs: number, handler: (argument: Argument) => void, argument: Argument): void;
  /** The time of the first event, or Infinity. */
  firstMs(): number;
  /** Takes the first event out and runs it; false if there is none. */
  runFirst(): boolean;
  /** How many events wait. */
  size(): number;
}

type Handler = (argument: never) => void;

/** Makes an empty queue: a binary heap of slot numbers, whose events live in arrays that are used again. */
export function createEventQueue(): EventQueue {
  let capacity = 256;
  let times = new Float64Array(capacity);
  let orders = new Float64Array(capacity);
  let heap = new Int32Array(capacity);
  const handlers: (Handler | null)[] = new Array<Handler | null>(capacity).fill(null);
  const values: unknown[] = new Array<unknown>(capacity).fill(null);
  const free: number[] = [];
  let used = 0;
  let length = 0;
  let order = 0;

  const grow = (): void => {
    const larger = capacity * 2;
    const moved = [new Float64Array(larger), new Float64Array(larger), new Int32Array(larger)] as const;
    moved[0].set(times);
    moved[1].set(orders);
    moved[2].set(heap);
    [times, orders, heap] = moved;
    capacity = larger;
  };

  const isBefore = (one: number, other: number): boolean => {
    const oneMs = times[one] as number;
    const otherMs = times[other] as number;
    return oneMs < otherMs || (oneMs === otherMs && (orders[one] as number) < (orders[other] as number));
  };

  const siftUp = (slot: number, from: number): void => {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as number;
      if (!isBefore(slot, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = slot;
  };

  const siftDown = (slot: number): void => {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1] as number, heap[child] as number)) child++;
      const below = heap[child] as number;
      if (!isBefore(below, slot)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = slot;
  };

  return {
    push(timeMs, handler, argument) {
      const slot = free.pop() ?? used++;
      if (slot >= capacity) grow();
      times[slot] = timeMs;
      orders[slot] = order++;
      handlers[slot] = handler as Handler;
      values[slot] = argument;
      siftUp(slot, length++);
    },
    firstMs: () => (length === 0 ? Number.POSITIVE_INFINITY : (times[heap[0] as number] as number)),
    runFirst() {
      if (length === 0) return false;
      const slot = heap[0] as number;
      length--;
      if (length > 0) siftDown(heap[length] as number);
      const handler = handlers[slot] as Handler;
      const argument = values[slot] as never;
      // Freed before it runs, so that what the handler pushes may use the slot.
      handlers[slot] = null;
      values[slot] = null;
      free.push(slot);
      handler(argument);
      return true;
    },
    size: () => length,
  };
}
