/** The clocks in milliseconds: one that never steps, and Unix time. */
export interface ProbeClock {
  monotonicMs(): number;
  wallMs(): number;
}

/** Those of this host. */
export const systemClock: ProbeClock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
