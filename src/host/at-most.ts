/**
 * Runs work of one kind at most `limit` at a time; the rest waits in the order in which it came. The result is that of
 * the work, whatever it is.
 */
export function atMost(limit: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // The place is handed on, so that nobody who comes now takes it away from who waited.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
