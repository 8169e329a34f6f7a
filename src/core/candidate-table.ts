import type { PeerAction } from './action.ts';
import { type Candidate, type CandidateState, freshCandidate } from './candidate.ts';
import { ours } from './constants.ts';
import type { PeerEvent } from './event.ts';
import { createHints, graceEndsAtMs, type Hints } from './hints.ts';

/** The candidates of one peer with what routes and ICMP said of them; it asks for both by itself. */
export interface CandidateTable {
  /** Takes the whole set as now known. What was learned of an endpoint stays. Too many are cut off. */
  replace(candidates: readonly Candidate[], nowMs: number): PeerAction[];
  /** Adds the endpoint now set, so that ICMP can compare it with the candidates. It is not listed by that. */
  watch(endpoint: string): PeerAction[];
  /** Takes a route, a hint or a verdict of a probe; other events are not for it. */
  note(event: PeerEvent, nowMs: number): PeerAction[];
  /** Sends the ICMP echoes that are due. */
  step(nowMs: number): PeerAction[];
  /** The listed candidates, in the order in which they came. */
  listed(): CandidateState[];
  /** Copies of them, for who looks on. */
  copies(): readonly Readonly<CandidateState>[];
  get(endpoint: string): CandidateState | undefined;
  /** Notes how a trial of an endpoint on the real interface ended. */
  noteTrial(endpoint: string, result: 'proven' | 'silent', nowMs: number): void;
  /** The end of a run: who had as much time as anybody is given, and has not answered, is called silent. */
  conclude(nowMs: number): PeerAction[];
  /** Whether ICMP tells this endpoint from others: it stayed silent for the grace, and a listed one answered. */
  contrast(endpoint: string, nowMs: number): boolean;
  /** Until when `endpoint` may still answer in time, given an answer in hand; null if it can no longer. */
  graceEndsAtMs(endpoint: string, rttInHandMs: number): number | null;
  nextDueMs(): number | null;
}

/** Creates a table. `failedAtMs`: when a trial of an endpoint last failed, on the monotonic clock (may be negative). */
export function createCandidateTable(failedAtMs: ReadonlyMap<string, number>): CandidateTable {
  const states = new Map<string, CandidateState>();
  const hints: Hints = createHints();
  let listed: string[] = [];

  function add(candidate: Candidate, watched = false): PeerAction[] {
    const known = states.get(candidate.endpoint);
    if (known) {
      // It may have been watched before it was listed, or have another place in a fresh answer.
      if (!watched) states.set(candidate.endpoint, { ...known, ...candidate });
      return [];
    }
    states.set(candidate.endpoint, {
      ...freshCandidate(candidate),
      failedAtMs: failedAtMs.get(candidate.endpoint) ?? null,
    });
    return [{ type: 'route', endpoint: candidate.endpoint }];
  }

  function hintEnded(
    state: CandidateState,
    verdict: 'reachable' | 'silent' | 'unroutable',
    rttMs: number | null,
  ): PeerAction[] {
    state.hint = verdict;
    state.hintRttMs = rttMs;
    hints.end(state.endpoint);
    return [{ type: 'report', fact: { kind: 'hint', endpoint: state.endpoint, verdict, rttMs } }];
  }

  function routed(endpoint: string, verdict: CandidateState['route'], nowMs: number): PeerAction[] {
    const state = states.get(endpoint);
    if (!state || state.route === verdict) return [];
    state.route = verdict;
    if (verdict === 'no-route' || verdict === 'in-tunnel') {
      return [{ type: 'report', fact: { kind: 'route', endpoint, verdict } }];
    }
    // An address that was asked before keeps what it answered: it is not asked twice.
    if (hints.begunAtMs(endpoint) !== null) return [];
    state.hint = 'asking';
    hints.begin(endpoint, nowMs);
    return [];
  }

  function graceOf(endpoint: string, rttInHandMs: number): number | null {
    const begunAtMs = hints.begunAtMs(endpoint);
    if (begunAtMs === null || states.get(endpoint)?.hint !== 'asking') return null;
    return graceEndsAtMs(begunAtMs, rttInHandMs);
  }

  return {
    replace(candidates, nowMs) {
      const kept = candidates.slice(0, ours.maxCandidates);
      const actions = kept.flatMap((candidate) => add(candidate));
      const endpoints = kept.map((candidate) => candidate.endpoint);
      const changed =
        endpoints.length !== listed.length || endpoints.some((endpoint, index) => endpoint !== listed[index]);
      listed = endpoints;
      if (changed) {
        const cutOff = candidates.length - kept.length;
        actions.unshift({ type: 'report', fact: { kind: 'candidates', endpoints, cutOff } });
      }
      return [...actions, ...this.step(nowMs)];
    },
    watch(endpoint) {
      return add({ endpoint, source: 'current', nameIndex: Number.MAX_SAFE_INTEGER, listIndex: 0 }, true);
    },
    note(event, nowMs) {
      if (event.type === 'routed')
        return [...routed(event.endpoint, event.verdict, nowMs), ...this.step(nowMs)];
      if (event.type === 'probed') {
        const probed = states.get(event.endpoint);
        if (probed) probed.handshake = event.verdict;
        const { endpoint, verdict, rttMs } = event;
        return [{ type: 'report', fact: { kind: 'handshake', endpoint, verdict, rttMs } }];
      }
      if (event.type !== 'hint') return [];
      const state = states.get(event.endpoint);
      // A late answer still turns "silent" into "reachable"; a late error changes nothing.
      if (!state || state.hint === 'reachable' || (state.hint !== 'asking' && event.outcome !== 'answered'))
        return [];
      return event.outcome === 'answered'
        ? hintEnded(state, 'reachable', event.rttMs)
        : hintEnded(state, 'unroutable', null);
    },
    step(nowMs) {
      const due = hints.step(nowMs);
      const actions: PeerAction[] = due.send.map((endpoint) => ({ type: 'hint', endpoint }));
      for (const endpoint of due.silent) {
        const state = states.get(endpoint);
        if (state) actions.push(...hintEnded(state, 'silent', null));
      }
      return actions;
    },
    listed() {
      return listed.map((endpoint) => states.get(endpoint)).filter((state) => state !== undefined);
    },
    copies() {
      return this.listed().map((state) => ({ ...state }));
    },
    get(endpoint) {
      return states.get(endpoint);
    },
    noteTrial(endpoint, result, nowMs) {
      const state = states.get(endpoint);
      if (!state) return;
      state.trial = result;
      state.failedAtMs = result === 'silent' ? nowMs : null;
    },
    conclude(nowMs) {
      const waiting = listed
        .flatMap((endpoint) => states.get(endpoint) ?? [])
        .filter((state) => state.hint === 'asking');
      return waiting.flatMap((state) => {
        const endsMs = graceOf(state.endpoint, 0);
        return endsMs !== null && nowMs >= endsMs ? hintEnded(state, 'silent', null) : [];
      });
    },
    contrast(endpoint, nowMs) {
      const state = states.get(endpoint);
      if (!state || state.hint === 'reachable' || state.route === 'unknown') return false;
      const rtts = this.listed().flatMap((other) =>
        other !== state && other.hint === 'reachable' ? [other.hintRttMs ?? 0] : [],
      );
      if (rtts.length === 0) return false;
      // Whoever answers late lets the others be late as well.
      const begunAtMs = hints.begunAtMs(endpoint);
      return begunAtMs === null || nowMs >= graceEndsAtMs(begunAtMs, Math.min(...rtts));
    },
    graceEndsAtMs: graceOf,
    nextDueMs() {
      return hints.nextDueMs();
    },
  };
}
