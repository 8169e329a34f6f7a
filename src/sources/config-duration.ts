/** Milliseconds of one unit. */
const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a duration as people write it, `90s`, `10m`, `6h` or `1d`, as milliseconds; null if it is none.
 * One whole number and one unit, at most eight digits, so that the milliseconds stay exact. Limits are for the caller: what is too long depends on
 * what it is for.
 */
export function parseDurationMs(text: string): number | null {
  const [, digits, unit] = /^([0-9]{1,8})([smhd])$/.exec(text) ?? [];
  const factorMs = unit === undefined ? undefined : unitMs[unit];
  return digits === undefined || factorMs === undefined ? null : Number(digits) * factorMs;
}
