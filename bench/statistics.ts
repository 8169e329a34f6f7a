/** The middle value, the mean of the two middle ones for an even number; null for no values. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}

/**
 * The smallest value that at least `percent` of all values do not exceed (nearest rank), so always one that was
 * really seen: the 95th percentile of up to 20 values is the largest or, of exactly 20, the second largest.
 * Null for no values.
 */
export function percentile(values: readonly number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1] ?? null;
}

/**
 * The median of the ratios of pairs. Both of a pair were measured one right after the other, so what the machine
 * was busy with then falls on both; a ratio of two medians would not have that. Pairs with a divisor of 0 are left
 * out; null if none is left.
 */
export function medianRatio(pairs: readonly (readonly [dividend: number, divisor: number])[]): number | null {
  return median(pairs.filter(([, divisor]) => divisor > 0).map(([dividend, divisor]) => dividend / divisor));
}

/**
 * The probability that two samples of one and the same distribution differ at least as much as these (two-sided test
 * of Kolmogorov and Smirnov, asymptotic with Stephens' correction: good from about eight values each). Null where a
 * sample is empty.
 */
export function kolmogorovSmirnov(a: readonly number[], b: readonly number[]): number | null {
  if (a.length === 0 || b.length === 0) return null;
  const share = (values: readonly number[], upTo: number) =>
    values.filter((value) => value <= upTo).length / values.length;
  const distance = Math.max(...[...a, ...b].map((value) => Math.abs(share(a, value) - share(b, value))));
  const size = Math.sqrt((a.length * b.length) / (a.length + b.length));
  const lambda = (size + 0.12 + 0.11 / size) * distance;
  if (lambda < seriesFromLambda) return 1;
  let sum = 0;
  for (let term = 1; term <= seriesTerms; term += 1)
    sum += (term % 2 === 1 ? 2 : -2) * Math.exp(-2 * term * term * lambda * lambda);
  return Math.min(1, Math.max(0, sum));
}

/** The series converges slowly below this, where the probability is above 0.999999. */
const seriesFromLambda = 0.27;
const seriesTerms = 100;
