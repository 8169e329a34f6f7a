import type { PeerAction } from '../action.ts';
import { type CandidateState, familyOf, type Preference } from '../candidate.ts';
import { ours } from '../constants.ts';
import type { FailbackMemory } from '../failback.ts';
import { preferredFamily } from '../order.ts';
import type { Profile } from '../profile.ts';

/**
 * Watches for the way back while a tunnel works over a less preferred candidate: pings the preferred family outside
 * the tunnel and says when an offer is due. The offer itself, proven or rolled back, is made by the search.
 */
export interface WayBack {
  /** A tunnel was just proven over `endpoint`; `listed` are its candidates now. */
  begin(endpoint: string, listed: readonly CandidateState[], nowMs: number): void;
  /** It works no more, or is already where it should be. */
  end(): void;
  /** Since when the tunnel is on a fallback (monotonic milliseconds), or null. */
  fallbackSinceMs(): number | null;
  /** An offer was made and ended so. */
  offered(endpoint: string, worked: boolean, nowMs: number): void;
  /** Earlier offers, as the search wants them. */
  memory(nowMs: number): ReadonlyMap<string, FailbackMemory>;
  /** Every offer that counts, by endpoint: when it was made (monotonic) and how often in a row it failed. A copy. */
  offers(): ReadonlyMap<string, PastOffer>;
  hinted(endpoint: string, answered: boolean): void;
  /** The network changed: what worked there may be offered here without waiting. */
  forget(nowMs: number): void;
  step(nowMs: number, busy: boolean): { readonly actions: PeerAction[]; readonly offerDue: boolean };
  nextDueMs(): number | null;
}

/** Offers of one endpoint up to now. */
export interface PastOffer {
  /** Monotonic milliseconds of the last one; may lie before the clock's zero. */
  readonly atMs: number;
  /** Failures in a row. */
  readonly failures: number;
}

/** What decides about the way back. */
export interface WayBackOptions {
  readonly profile: Profile;
  readonly prefer: Preference;
  /** How long after a switch, or a failed offer, the next offer is made at the earliest; null for never. */
  readonly failbackMs: number | null;
  /** 0 to 1, different on each host, so that two ends that both run this do not offer at the same moment. */
  readonly phase: number;
  /** Offers remembered from before, by endpoint. */
  readonly remembered: ReadonlyMap<string, PastOffer>;
}

/** Pings in a row that the preferred candidate must have answered before a live tunnel is sent there. */
const goodInARow = 3;
/** A candidate that works for less than this after it was taken is flapping: the next offer comes later. */
const holdsForMs = 3_600_000;
/** A look that made no offer is not repeated at once: routes and pings may say otherwise a minute later. */
const lookAgainMs = 60_000;
/** Under traffic the slower live path takes the endpoint back, so an offer waits for a quiet moment; but not for ever. */
const busyPatienceMs = 3_600_000;

/** Creates a watcher that watches nothing yet. */
export function createWayBack(options: WayBackOptions): WayBack {
  const tried = new Map(options.remembered);
  let targets: string[] = [];
  let sinceMs: number | null = null;
  let dueMs: number | null = null;
  let hintDueMs: number | null = null;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  /** The preferred candidate that the tunnel is on, since when, or null. */
  let held: { readonly endpoint: string; readonly sinceMs: number } | null = null;
  /** Pings of the preferred candidates: answers in a row, and whether the last one is still awaited. */
  const pings = new Map<string, { inARow: number; awaited: boolean; everAnswered: boolean }>();

  function intervalMs(failures: number): number {
    const base = options.failbackMs ?? Number.POSITIVE_INFINITY;
    const longest = Math.max(base, ours.failbackIntervalMaxMs);
    return Math.min(longest, base * 2 ** Math.min(failures, 16)) * (1 + options.phase / 10);
  }

  function plan(nowMs: number): void {
    const first = targets[0];
    if (first === undefined || options.failbackMs === null) {
      dueMs = null;
      return;
    }
    const last = tried.get(first);
    const fromMs = Math.max(sinceMs ?? nowMs, last?.atMs ?? Number.NEGATIVE_INFINITY);
    dueMs = Math.max(notBeforeMs, fromMs + intervalMs(last?.failures ?? 0));
  }

  /** Whether the preferred candidate that the tunnel was on has held: if not, it is offered later each time. */
  function judgeHeld(endpoint: string, onPreferred: boolean, nowMs: number): void {
    if (held !== null && held.endpoint !== endpoint) {
      const flapped = nowMs - held.sinceMs < holdsForMs;
      const failures = flapped ? (tried.get(held.endpoint)?.failures ?? 0) + 1 : 0;
      tried.set(held.endpoint, { atMs: nowMs, failures });
      held = null;
    }
    if (onPreferred) held ??= { endpoint, sinceMs: nowMs };
  }

  return {
    begin(endpoint, listed, nowMs) {
      const family = preferredFamily(options.prefer);
      const onPreferred = family === null || familyOf(endpoint) === family;
      judgeHeld(endpoint, onPreferred, nowMs);
      targets = onPreferred
        ? []
        : listed
            .filter((one) => familyOf(one.endpoint) === family && one.route !== 'in-tunnel')
            .map((one) => one.endpoint);
      if (targets.length === 0) {
        this.end();
        return;
      }
      sinceMs ??= nowMs;
      hintDueMs ??= nowMs + options.profile.watchMs;
      plan(nowMs);
    },
    end() {
      targets = [];
      sinceMs = null;
      dueMs = null;
      hintDueMs = null;
      pings.clear();
    },
    fallbackSinceMs: () => sinceMs,
    offered(endpoint, worked, nowMs) {
      const failures = tried.get(endpoint)?.failures ?? 0;
      tried.set(endpoint, { atMs: nowMs, failures: worked ? failures : failures + 1 });
      plan(nowMs);
    },
    memory(nowMs) {
      // What is due here must not be held back by the search's own intervals.
      const waiting = [...tried].filter(([, { atMs, failures }]) => nowMs < atMs + intervalMs(failures));
      return new Map(waiting.map(([endpoint, { failures }]) => [endpoint, { triedAgoMs: 0, failures }]));
    },
    offers: () => new Map(tried),
    hinted(endpoint, answered) {
      const ping = pings.get(endpoint);
      if (!ping) return;
      ping.awaited = false;
      ping.inARow = answered ? ping.inARow + 1 : 0;
      ping.everAnswered ||= answered;
    },
    forget(nowMs) {
      // What failed or flapped keeps its backoff: routes change for many reasons, and often.
      for (const [endpoint, { failures }] of tried) if (failures === 0) tried.delete(endpoint);
      plan(nowMs);
    },
    step(nowMs, busy) {
      const actions: PeerAction[] = [];
      if (hintDueMs !== null && nowMs >= hintDueMs) {
        hintDueMs = nowMs + options.profile.watchMs;
        actions.push(...targets.map(ping));
      }
      if (dueMs === null || nowMs < dueMs) return { actions, offerDue: false };
      if (busy && nowMs < dueMs + busyPatienceMs) return { actions, offerDue: false };
      const known = targets.map((endpoint) => pings.get(endpoint)).filter((one) => one !== undefined);
      const anyGood = known.some((one) => one.inARow >= goodInARow);
      // A server that drops pings is offered without any.
      const neverAnswers = known.every((one) => !one.everAnswered);
      const offerDue = anyGood || neverAnswers;
      if (offerDue) {
        notBeforeMs = nowMs + lookAgainMs;
        plan(nowMs);
      }
      return { actions, offerDue };
    },
    nextDueMs() {
      return hintDueMs;
    },
  };

  function ping(endpoint: string): PeerAction {
    const before = pings.get(endpoint);
    const missed = before?.awaited === true;
    pings.set(endpoint, {
      inARow: missed ? 0 : (before?.inARow ?? 0),
      awaited: true,
      everAnswered: before?.everAnswered ?? false,
    });
    return { type: 'hint', endpoint };
  }
}
