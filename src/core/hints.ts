import { ours } from './constants.ts';
import { earliest } from './timers.ts';

/** ICMP echoes to candidates outside the tunnel: who is asked when, and who has answered. */
export interface Hints {
  /** Begins to ask an endpoint's address; nothing happens if it is being asked already. */
  begin(endpoint: string, nowMs: number): void;
  /** An answer or a local error came; further echoes to it are not sent. */
  end(endpoint: string): void;
  /** What is due: endpoints to send one echo to, and endpoints that are silent by now. */
  step(nowMs: number): { readonly send: string[]; readonly silent: string[] };
  /** When an endpoint was first asked, or null. */
  begunAtMs(endpoint: string): number | null;
  nextDueMs(): number | null;
}

interface Series {
  readonly begunAtMs: number;
  sent: number;
  ended: boolean;
}

const nothingDue = { send: [], silent: [] };

/** Creates an empty board. The times of the echoes are `ours.hintEchoAtMs`. */
export function createHints(): Hints {
  const series = new Map<string, Series>();

  function dueMs(one: Series): number | null {
    if (one.ended) return null;
    const offsetMs = ours.hintEchoAtMs[one.sent];
    return one.begunAtMs + (offsetMs ?? ours.hintSilentAfterMs);
  }

  return {
    begin(endpoint, nowMs) {
      if (!series.has(endpoint)) series.set(endpoint, { begunAtMs: nowMs, sent: 0, ended: false });
    },
    end(endpoint) {
      const one = series.get(endpoint);
      if (one) one.ended = true;
    },
    step(nowMs) {
      const firstMs = this.nextDueMs();
      if (firstMs === null || firstMs > nowMs) return nothingDue;
      const send: string[] = [];
      const silent: string[] = [];
      for (const [endpoint, one] of series) {
        const due = dueMs(one);
        if (due === null || due > nowMs) continue;
        if (one.sent < ours.hintEchoAtMs.length) {
          one.sent++;
          send.push(endpoint);
        } else {
          one.ended = true;
          silent.push(endpoint);
        }
      }
      return { send, silent };
    },
    begunAtMs(endpoint) {
      return series.get(endpoint)?.begunAtMs ?? null;
    },
    nextDueMs() {
      let first: number | null = null;
      for (const one of series.values()) first = earliest(first, dueMs(one));
      return first;
    },
  };
}

/**
 * Until when an answer that is in hand waits for an endpoint asked at `begunAtMs` (monotonic milliseconds): the
 * third echo must have had time to come back. See `ours.familyGraceMs` for the reason.
 */
export function graceEndsAtMs(begunAtMs: number, rttInHandMs: number): number {
  const thirdEchoMs = ours.hintEchoAtMs[2];
  return begunAtMs + thirdEchoMs + Math.max(ours.familyGraceMs, 3 * rttInHandMs);
}
