import type { PeerAction } from './action.ts';
import type { HandshakeVerdict } from './handshake-verdict.ts';

/**
 * Asks all candidates of a dead tunnel at the same time, by handshake probe, which of them is the peer. Dead ones cost
 * a moment instead of a trial each.
 */
export interface HandshakeRace {
  /** Asks those that were not asked yet. `timeoutMs`: how long one answer may take. */
  ask(endpoints: readonly string[], timeoutMs: number, nowMs: number): PeerAction[];
  /** Whether that endpoint was asked, however it ended. */
  isAsked(endpoint: string): boolean;
  /** A verdict came in. */
  noted(endpoint: string, verdict: HandshakeVerdict, rttMs: number | null, nowMs: number): void;
  /**
   * Until when the search should wait for more (monotonic milliseconds), or null if it may go on. `order`: best first;
   * only somebody better than the best that answered is waited for. Ends what is still under way when it is not.
   */
  step(
    order: readonly string[],
    nowMs: number,
  ): { readonly untilMs: number | null; readonly actions: PeerAction[] };
  /** Endpoints that are the peer, whatever else they are. */
  authenticated(): ReadonlySet<string>;
}

/** Another candidate may still be better: RFC 8305's 250 ms, and a few round trips on a slow path. */
const graceMs = 250;
const graceRoundTrips = 3;
/**
 * The peer drops an initiation that comes less than 20 ms after another, and the kernel may turn the next packet into
 * one. Measured: a reset 20 ms after a probe cost 5 s; design: 50 ms.
 */
const settleMs = 50;
/** Initiations of one key leave 50 ms apart, and one that may have been dropped is repeated alone, twice at the most. */
const spacingMs = 50;
const repeats = 3;

/** Creates a race that has asked nobody. */
export function createHandshakeRace(): HandshakeRace {
  const pending = new Set<string>();
  const asked = new Set<string>();
  const authenticated = new Map<string, number>();
  let limitMs = Number.NEGATIVE_INFINITY;
  let firstAtMs: number | null = null;
  let overAtMs: number | null = null;

  function graceEndsMs(): number {
    const slowest = Math.max(...authenticated.values());
    return (firstAtMs ?? 0) + Math.max(graceMs, graceRoundTrips * slowest);
  }

  function isOver(order: readonly string[], nowMs: number): boolean {
    if (pending.size === 0 || nowMs >= limitMs) return true;
    if (authenticated.size === 0) return false;
    const best = order.find((endpoint) => authenticated.has(endpoint) || pending.has(endpoint));
    return (best !== undefined && authenticated.has(best)) || nowMs >= graceEndsMs();
  }

  return {
    ask(endpoints, timeoutMs, nowMs) {
      const fresh = endpoints.filter((endpoint) => !asked.has(endpoint));
      if (fresh.length === 0) return [];
      for (const endpoint of fresh) {
        asked.add(endpoint);
        pending.add(endpoint);
      }
      overAtMs = null;
      limitMs = nowMs + pending.size * spacingMs + repeats * timeoutMs;
      return fresh.map((endpoint) => ({ type: 'probe', endpoint, timeoutMs }));
    },
    isAsked: (endpoint) => asked.has(endpoint),
    noted(endpoint, verdict, rttMs, nowMs) {
      if (!pending.delete(endpoint) || verdict !== 'authenticated') return;
      authenticated.set(endpoint, rttMs ?? 0);
      firstAtMs ??= nowMs;
    },
    step(order, nowMs) {
      const actions: PeerAction[] = [];
      if (overAtMs === null && asked.size > 0) {
        if (!isOver(order, nowMs)) {
          const untilMs = authenticated.size > 0 ? Math.min(limitMs, graceEndsMs()) : limitMs;
          return { untilMs, actions };
        }
        if (pending.size > 0) actions.push({ type: 'probe-end' });
        pending.clear();
        overAtMs = nowMs;
      }
      const settledMs = (overAtMs ?? Number.NEGATIVE_INFINITY) + settleMs;
      return { untilMs: nowMs < settledMs ? settledMs : null, actions };
    },
    authenticated: () => new Set(authenticated.keys()),
  };
}
