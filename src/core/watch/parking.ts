import { holdsInitiation } from '../assessment.ts';
import type { Candidate } from '../candidate.ts';
import { ours, wireguard } from '../constants.ts';
import type { Observation } from '../observation.ts';
import type { Profile } from '../profile.ts';
import { earliest } from '../timers.ts';

/**
 * Where a peer waits while nothing works, and what is done there: a packet now and then keeps WireGuard shaking hands
 * with the endpoint it is parked on, so that an address that comes back is found within one handshake interval.
 */
export interface Parking {
  /** The tunnel is proven over this endpoint; after a minute it counts as the last one that worked. */
  worked(endpoint: string, nowMs: number): void;
  lastGood(): string | null;
  /** Nothing works: wait for `pauseMs` until the next search. */
  begin(nowMs: number, pauseMs: number, profile: Profile): void;
  /** Where to wait: in turn on the endpoint that last worked and on the freshest answer; null to stay. */
  place(candidates: readonly Candidate[], current: string | null): string | null;
  /** Whether an answer lists an endpoint that was not there when the waiting began. */
  isNews(candidates: readonly Candidate[]): boolean;
  /** Whether counters read while waiting show a sign of life. */
  observed(observation: Observation, nowMs: number): boolean;
  /** The loop stood still: what came in meanwhile is read before the next search. */
  forgive(nowMs: number): void;
  step(nowMs: number): { readonly packet: boolean; readonly read: boolean; readonly search: boolean };
  nextDueMs(): number | null;
}

/** A minute of life separates an address that works from one that just let a packet through. */
const provenForMs = 60_000;
/**
 * WireGuard starts a handshake each 5.0–5.3 s as long as packets are waiting. A packet each 1.5 s makes sure that one
 * is always waiting and that its echo is answered within the same moment as the handshake.
 */
const packetMs = 1_500;
const meteredPacketMs = 20_000;
/**
 * A packet that comes less than 5 s after an initiation starts none, nor does anything else later. In a short wait
 * another must follow, or nothing would be asked at all.
 */
const shortPauseMs = 5_500;
const longPauseMs = 60_000;
/** Readings of the counters while parked: for peers that answer no echo. */
const readMs = 5_000;
/**
 * A search leaves the place for as long as another candidate takes, so a long wait ends right after an initiation went
 * unanswered: then the place misses one initiation of its own and no more. A short wait is not made longer by that.
 */
const alignedFromMs = 30_000;
const alignedWithinMs = wireguard.rekeyTimeoutMs + wireguard.rekeyJitterMs + 2 * ours.observeSpacingMs;

/** Creates a parking place without history. */
export function createParking(): Parking {
  let good: string | null = null;
  let workingSince: { readonly endpoint: string; readonly atMs: number } | null = null;
  let turn = 0;
  let known = new Set<string>();
  let spacingMs = packetMs;
  let packetDueMs: number | null = null;
  let readDueMs: number | null = null;
  let searchDueMs: number | null = null;
  let before: Observation | null = null;
  let aligned = false;
  let initiationAtMs: number | null = null;

  /** When the search begins, as far as is known now. */
  function searchAtMs(): number | null {
    if (searchDueMs === null || !aligned) return searchDueMs;
    const unanswered = initiationAtMs !== null && initiationAtMs >= searchDueMs;
    return unanswered ? (initiationAtMs ?? 0) + ours.initialRtoMs : searchDueMs + alignedWithinMs;
  }

  /** Near the end of a long wait the counters are read often, to see the initiation leave. */
  function nextReadingMs(nowMs: number): number {
    if (!aligned || searchDueMs === null) return nowMs + readMs;
    return nowMs < searchDueMs ? Math.min(nowMs + readMs, searchDueMs) : nowMs + ours.observeSpacingMs;
  }

  return {
    worked(endpoint, nowMs) {
      if (workingSince?.endpoint !== endpoint) workingSince = { endpoint, atMs: nowMs };
      if (nowMs - workingSince.atMs >= provenForMs) good = endpoint;
    },
    lastGood: () => good,
    begin(nowMs, pauseMs, profile) {
      workingSince = null;
      spacingMs =
        profile.name !== 'metered' ? packetMs : pauseMs < longPauseMs ? shortPauseMs : meteredPacketMs;
      packetDueMs = nowMs + spacingMs;
      readDueMs = nowMs + readMs;
      searchDueMs = nowMs + pauseMs;
      before = null;
      aligned = pauseMs >= alignedFromMs;
      initiationAtMs = null;
    },
    place(candidates, current) {
      known = new Set(candidates.map((candidate) => candidate.endpoint));
      const freshest = candidates[0]?.endpoint ?? null;
      return turn++ % 2 === 0 ? (good ?? current ?? freshest) : (freshest ?? good);
    },
    isNews(candidates) {
      return candidates.some((candidate) => !known.has(candidate.endpoint));
    },
    observed(observation, nowMs) {
      const last = before;
      before = observation;
      if (last !== null && holdsInitiation(observation.txBytes - last.txBytes)) initiationAtMs = nowMs;
      return last !== null && observation.latestHandshakeS !== last.latestHandshakeS;
    },
    forgive(nowMs) {
      if (searchDueMs !== null) searchDueMs = Math.max(searchDueMs, nowMs + ours.initialRtoMs);
    },
    step(nowMs) {
      const packet = packetDueMs !== null && nowMs >= packetDueMs;
      const read = readDueMs !== null && nowMs >= readDueMs;
      const searchMs = searchAtMs();
      const search = searchMs !== null && nowMs >= searchMs;
      if (packet) packetDueMs = nowMs + spacingMs;
      if (read) readDueMs = nextReadingMs(nowMs);
      return { packet, read, search };
    },
    nextDueMs() {
      return earliest(packetDueMs, readDueMs, searchAtMs());
    },
  };
}
