/** How long to wait between two searches that found nothing; it never ends, and it never gets longer than the cap. */
export interface Backoff {
  /** The pause before the next search, in milliseconds; longer with each call. */
  next(nowMs: number): number;
  /** Something worked, or the network changed: begin with the shortest pause again. */
  reset(): void;
}

/** The first pause. A search of two candidates takes about as long. */
const firstMs = 5_000;
/** Nobody should wait longer than a minute for an address that came back … */
const capMs = 60_000;
/** … but a host that has been cut off for a day need not knock each minute. */
const dayMs = 86_400_000;
const capAfterADayMs = 600_000;

/** Creates a backoff that begins with the shortest pause. */
export function createBackoff(): Backoff {
  let pauses = 0;
  let sinceMs: number | null = null;
  return {
    next(nowMs) {
      sinceMs ??= nowMs;
      const cap = nowMs - sinceMs >= dayMs ? capAfterADayMs : capMs;
      return Math.min(cap, firstMs * 2 ** Math.min(pauses++, 16));
    },
    reset() {
      pauses = 0;
      sinceMs = null;
    },
  };
}
