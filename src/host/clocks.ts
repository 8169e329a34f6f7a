import { readFile } from 'node:fs/promises';
import type { ClockReading } from '../core/clocks.ts';

/**
 * Reads the three clocks of this host. `/proc/uptime` goes on during a suspend and is good to 10 ms; where it cannot be
 * read, the monotonic clock stands in for it, and a suspend is taken for a clock that was set.
 */
export async function readClocks(): Promise<ClockReading> {
  const text = await readFile('/proc/uptime', 'utf8').catch(() => '');
  const seconds = Number(text.split(' ')[0]);
  const monotonicMs = performance.now();
  return { monotonicMs, bootMs: seconds > 0 ? seconds * 1_000 : monotonicMs, wallMs: Date.now() };
}
