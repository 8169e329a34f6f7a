import type { ChildrenUsage } from './usage.ts';

/** What one run of a command cost, as the operating system counted it. */
export interface MeterResult extends ChildrenUsage {
  /** Exit code; null if a signal ended it, be it because its time was up. */
  readonly code: number | null;
  /** From before the process is made until it has been waited for. */
  readonly wallMs: number;
}

/** Reads what the meter wrote; null if it is no such thing. */
export function parseMeterResult(text: string): MeterResult | null {
  const value: unknown = parse(text);
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const code = fields.get('code');
  const wallMs = fields.get('wallMs');
  const userMs = fields.get('userMs');
  const systemMs = fields.get('systemMs');
  const peakMemoryBytes = fields.get('peakMemoryBytes');
  if (code !== null && !isCount(code)) return null;
  if (!isCount(wallMs) || !isCount(userMs) || !isCount(systemMs) || !isCount(peakMemoryBytes)) return null;
  return { code, wallMs, userMs, systemMs, peakMemoryBytes };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
