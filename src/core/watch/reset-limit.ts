import type { Fact } from '../fact.ts';

/** When the session of a peer may be reset: a reset that was a mistake costs a short gap, and must not be repeated. */
export interface ResetLimit {
  /** Something was seen or done. */
  note(fact: Fact, nowMs: number): void;
  /** What a look may ask for now. */
  now(nowMs: number): { readonly probe: boolean; readonly reset: boolean };
}

/** Design: at most one in five minutes without a proof following it. */
const unprovenMs = 300_000;
/** A proof may be the new session itself, while what was wrong goes on: not each look may end in a reset. */
const provenMs = 60_000;

/** Creates one without a past. `handshakes`: whether the interface's key may be used at all. */
export function createResetLimit(handshakes: boolean): ResetLimit {
  let madeAtMs: number | null = null;
  let provenSince = false;
  return {
    note(fact, nowMs) {
      if (fact.kind === 'proven') provenSince = true;
      // From the moment it is asked for: one that seemed to fail may have been made.
      if (fact.kind !== 'setting' || fact.reason !== 'reset') return;
      madeAtMs = nowMs;
      provenSince = false;
    },
    now(nowMs) {
      const spacingMs = provenSince ? provenMs : unprovenMs;
      return { probe: handshakes, reset: handshakes && (madeAtMs === null || nowMs - madeAtMs >= spacingMs) };
    },
  };
}
