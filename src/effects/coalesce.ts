/** Who waits for a reading, waits for evidence: longer than this it must not be put off, whatever it costs. */
const longestRestMs = 1_000;

/**
 * Makes callers share one expensive reading. A caller never gets a reading that began before it asked: what it
 * wants to see may have happened in between. So at most one reading runs and one more waits behind it, and it waits
 * `restFactor` times as long as the last one took, so that readings do not take the whole processor when they are
 * long (a thousand peers) and many want them.
 */
export function coalesce<Result>(read: () => Promise<Result>, restFactor = 0): () => Promise<Result> {
  let running: Promise<unknown> | null = null;
  let waiting: Promise<Result> | null = null;

  function begin(): Promise<Result> {
    waiting = null;
    const startedAtMs = performance.now();
    const reading = read();
    const rest = async (): Promise<void> => {
      const restMs = Math.min(longestRestMs, restFactor * (performance.now() - startedAtMs));
      if (restMs >= 1) await new Promise((resolve) => setTimeout(resolve, restMs).unref());
    };
    const ended = reading.then(rest, rest);
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
