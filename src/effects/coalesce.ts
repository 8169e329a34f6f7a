/**
 * Makes callers share one expensive reading. A caller never gets a reading that began before it asked: what it
 * wants to see may have happened in between. So at most one reading runs and one more waits behind it.
 */
export function coalesce<Result>(read: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<unknown> | null = null;
  let waiting: Promise<Result> | null = null;

  function begin(): Promise<Result> {
    waiting = null;
    const reading = read();
    const ended = reading.then(
      () => {},
      () => {},
    );
    running = ended;
    void ended.then(() => {
      if (running === ended) running = null;
    });
    return reading;
  }

  return () => {
    if (running === null) return begin();
    waiting ??= running.then(begin);
    return waiting;
  };
}
