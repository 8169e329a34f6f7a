/** Runs a step as soon as fewer than the agreed number are under way; in the order in which they came. */
export type Turnstile = <T>(step: () => Promise<T>) => Promise<T>;

/** Lets that many steps be under way at the same time. A step that fails makes room like any other. */
export function createTurnstile(atOnce: number): Turnstile {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async (step) => {
    if (inside >= atOnce) await new Promise<void>((enter) => waiting.push(enter));
    else inside += 1;
    try {
      return await step();
    } finally {
      // Whoever waits takes the place over; only an empty queue gives it up.
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
