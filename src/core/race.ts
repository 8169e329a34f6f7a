import type { CandidateState, Preference } from './candidate.ts';
import { orderCandidates } from './order.ts';

/** A search for an endpoint that works: candidates are tried one after the other on the real interface. */
export interface Race {
  /** The endpoint that was set when the search began, to be put back if nothing works; null for `(none)`. */
  readonly origin: string | null;
  /** Whether the origin had the full time to answer before it was given up. */
  readonly originTested: boolean;
  /** Quick trials need a session that lives on both ends. */
  quick: boolean;
  readonly triedQuick: Set<string>;
  readonly triedSlow: Set<string>;
}

/** Begins a search. `session`: whether the interface has a usable session, so that a quick trial can succeed. */
export function beginRace(origin: string | null, originTested: boolean, session: boolean): Race {
  return { origin, originTested, quick: session, triedQuick: new Set(), triedSlow: new Set() };
}

/**
 * The next candidate to try, or null when both passes are through. It is worked out anew each time, so that hints
 * and addresses which came meanwhile count. A candidate inside the tunnel is never tried: that would test the
 * tunnel through the tunnel.
 */
export function nextTrial(
  race: Race,
  candidates: readonly CandidateState[],
  prefer: Preference,
): { readonly endpoint: string; readonly pass: 'quick' | 'slow' } | null {
  const usable = orderCandidates(candidates, prefer).filter((candidate) => candidate.route !== 'in-tunnel');
  if (race.quick) {
    const next = usable.find(
      (candidate) => candidate.endpoint !== race.origin && !race.triedQuick.has(candidate.endpoint),
    );
    if (next) {
      race.triedQuick.add(next.endpoint);
      return { endpoint: next.endpoint, pass: 'quick' };
    }
    race.quick = false;
  }
  const slow = usable.filter((candidate) => !race.triedSlow.has(candidate.endpoint));
  const next =
    slow.find((candidate) => candidate.endpoint !== race.origin) ?? (race.originTested ? undefined : slow[0]);
  if (!next) return null;
  race.triedSlow.add(next.endpoint);
  return { endpoint: next.endpoint, pass: 'slow' };
}
