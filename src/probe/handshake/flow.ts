import type { HandshakeVerdict } from './verdict.ts';

/** How long a peer honours its cookie (whitepaper, section 5.4.7). */
export const cookieLifeMs = 120_000;
/** Of an initiation that may have been dropped because of another; the last is alone, so nothing can be said of it. */
const maxRepeats = 2;

/** What came from the endpoint, by whatever means that was found out. */
export type Heard =
  | { readonly kind: 'authenticated'; readonly rttMs: number }
  | { readonly kind: 'other-preshared-key'; readonly rttMs: number; readonly theirs: 'none' | 'unknown' }
  | { readonly kind: 'cookie'; readonly cookie: Uint8Array };

/** What is to be done next. `wait`: for an answer or the end of the time, whichever is first. */
export type Order =
  | { readonly kind: 'send'; readonly alone: boolean }
  | { readonly kind: 'wait' }
  | { readonly kind: 'end'; readonly verdict: HandshakeVerdict };

/**
 * The life of one probe. No clock and no socket of its own. After an order to end nothing more may be told to it.
 *
 * It sends at most four initiations: the first; one more if the peer asks for a cookie; and while another probe that was
 * answered may have made the peer drop this one, a second with others and a third alone. With others first, since of
 * eight dead candidates beside a good one all can be tried again at once, and if none is answered that is as good as if
 * each had been alone.
 */
export interface Flow {
  /** Something came. Also while an initiation waits for its turn. */
  heard(what: Heard, nowMs: number): Order;
  /** The time for an answer to the last initiation is up. `mayBeDropped`: the peer may have had to overlook it. */
  expired(mayBeDropped: boolean): Order;
  /** The cookie for the next initiation, or null. */
  cookie(nowMs: number): Uint8Array | null;
}

/** A new probe; its first initiation is to be sent with others. */
export function createFlow(): Flow {
  let cookie: { readonly value: Uint8Array; readonly sinceMs: number } | null = null;
  let wrongKey: HandshakeVerdict | null = null;
  let repeats = 0;
  const again = (): Order => ({ kind: 'send', alone: repeats >= maxRepeats });

  const hear = (what: Heard, nowMs: number): Order => {
    if (what.kind === 'authenticated') {
      return end({ kind: 'authenticated', rttMs: what.rttMs, askedForCookie: cookie !== null });
    }
    if (what.kind === 'other-preshared-key') {
      const verdict = { kind: 'wrong-preshared-key', rttMs: what.rttMs, theirs: what.theirs } as const;
      if (what.theirs === 'none') return end(verdict);
      // Another could have made this answer, so the right one may still come.
      wrongKey ??= verdict;
      return { kind: 'wait' };
    }
    // Once: a forger could ask without end, and a peer that asks again has its reasons.
    if (cookie !== null) return { kind: 'wait' };
    cookie = { value: what.cookie, sinceMs: nowMs };
    return again();
  };

  return {
    heard: hear,
    expired(mayBeDropped) {
      if (wrongKey !== null) return end(wrongKey);
      if (mayBeDropped && repeats < maxRepeats) {
        repeats += 1;
        return again();
      }
      return end({ kind: cookie === null ? 'silent' : 'under-load' });
    },
    cookie: (nowMs) => (cookie !== null && nowMs - cookie.sinceMs < cookieLifeMs ? cookie.value : null),
  };
}

function end(verdict: HandshakeVerdict): Order {
  return { kind: 'end', verdict };
}
