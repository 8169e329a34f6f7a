import type { CandidateState, Preference } from './candidate.ts';
import { orderCandidates } from './order.ts';
import type { Attempt } from './trial.ts';

/** A search for an endpoint that works: candidates are tried one after the other on the real interface. */
export interface Race {
  /** The endpoint that was set when the search began, to be put back if nothing works; null for `(none)`. */
  readonly origin: string | null;
  /** `quick`: only quick trials, because the origin may still be alive; `full`: it had its time, and is dead. */
  readonly scope: 'quick' | 'full';
  /** Whether quick trials are (still) to be made; they need a session that lives on both ends. */
  quick: boolean;
  readonly triedQuick: Set<string>;
  readonly triedSlow: Set<string>;
}

/** Begins a search. `quick`: whether a session lives, so that a quick trial can succeed. */
export function beginRace(origin: string | null, scope: Race['scope'], quick: boolean): Race {
  return { origin, scope, quick, triedQuick: new Set(), triedSlow: new Set() };
}

/**
 * The next candidate to try, or null when the search is through. It is worked out anew each time, so that hints and
 * addresses which came meanwhile count. A candidate inside the tunnel is never tried: that would test the tunnel
 * through the tunnel.
 */
export function nextTrial(
  race: Race,
  candidates: readonly CandidateState[],
  prefer: Preference,
): { readonly endpoint: string; readonly pass: 'quick' | 'slow' } | null {
  const usable = orderCandidates(candidates, prefer).filter(
    (candidate) => candidate.route !== 'in-tunnel' && candidate.endpoint !== race.origin,
  );
  if (race.quick) {
    const next = usable.find((candidate) => !race.triedQuick.has(candidate.endpoint));
    if (next) {
      race.triedQuick.add(next.endpoint);
      return { endpoint: next.endpoint, pass: 'quick' };
    }
    race.quick = false;
  }
  if (race.scope === 'quick') return null;
  const next = usable.find((candidate) => !race.triedSlow.has(candidate.endpoint));
  if (!next) return null;
  race.triedSlow.add(next.endpoint);
  return { endpoint: next.endpoint, pass: 'slow' };
}

/**
 * Whether a slow trial makes way: an address that came meanwhile is worth a round trip more than one that has been
 * silent so far is worth waiting for. The trial is made again afterwards. Only where a session lives, or a round trip
 * would tell nothing.
 */
export function makeWay(race: Race, trial: Attempt, candidates: readonly CandidateState[]): boolean {
  if (trial.pass !== 'slow') return false;
  const isNew = (endpoint: string) =>
    endpoint !== race.origin && !race.triedQuick.has(endpoint) && !race.triedSlow.has(endpoint);
  const isUsable = ({ route }: CandidateState) => route !== 'in-tunnel' && route !== 'unknown';
  if (!candidates.some((candidate) => isUsable(candidate) && isNew(candidate.endpoint))) return false;
  race.triedSlow.delete(trial.endpoint);
  race.quick = true;
  return true;
}

/** Why a search that is through found nothing, in words. */
export function giveUpDetail(candidates: readonly CandidateState[]): string {
  return candidates.every((candidate) => candidate.route === 'in-tunnel')
    ? 'the route to every candidate leads into the tunnel itself, so none could be tried'
    : 'every candidate was tried on the tunnel, and none was proven';
}
