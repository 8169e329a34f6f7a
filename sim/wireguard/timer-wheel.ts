/** Debian's kernels: HZ = 250. */
const jiffyMs = 4;

/**
 * When a timer of the Linux kernel really fires: its wheel (kernel/time/timer.c) has 64 buckets a level, each level
 * eight times coarser than the one below, and a timer fires at the end of its bucket. So 10 s come up to 256 ms late
 * and 25 s up to 2 s, as measured (kernel-vm.md E2, E6).
 *
 * All in milliseconds of the monotonic clock; `phaseMs` is where this host's wheel stands at zero.
 */
export function wheelExpiryMs(nowMs: number, dueMs: number, phaseMs: number): number {
  const nowJiffies = Math.floor((nowMs + phaseMs) / jiffyMs);
  const expires = nowJiffies + Math.ceil((dueMs - nowMs) / jiffyMs);
  const delta = expires - nowJiffies;
  let granularity = 1;
  for (let limit = 63; delta >= limit && granularity < 2_097_152; limit *= 8) granularity *= 8;
  return (Math.floor(expires / granularity) + 1) * granularity * jiffyMs - phaseMs;
}
