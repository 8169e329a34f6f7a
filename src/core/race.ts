import type { CandidateState, Preference } from './candidate.ts';
import { createHandshakeRace, type HandshakeRace } from './handshake-race.ts';
import type { MachineConfig } from './machine.ts';
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
  /** Who is the peer, asked by handshake; null where that is not to be. */
  readonly handshakes: HandshakeRace | null;
  /** Whether the session may (still) be reset in this search. */
  mayReset: boolean;
}

/** Begins a search. `quick`: whether a session lives, so that a quick trial can succeed. */
export function beginRace(
  origin: string | null,
  scope: Race['scope'],
  quick: boolean,
  handshake: MachineConfig['handshake'] = undefined,
): Race {
  return {
    origin,
    scope,
    quick,
    triedQuick: new Set(),
    triedSlow: new Set(),
    handshakes: handshake?.probe ? createHandshakeRace() : null,
    mayReset: handshake?.reset === true,
  };
}

/** The endpoints worth asking by handshake: the candidates outside the tunnel, and the one that was set before. */
export function worthAsking(
  race: Race,
  candidates: readonly CandidateState[],
  origin: CandidateState | undefined,
  prefer: Preference,
): readonly string[] {
  const outside = orderCandidates(candidates, prefer).filter(({ route }) => route !== 'in-tunnel');
  const endpoints = outside.map(({ endpoint }) => endpoint);
  if (race.origin === null || origin?.route === 'in-tunnel') return endpoints;
  // Where the peer is still there, nothing has to be moved: only its session is dead.
  return [race.origin, ...endpoints.filter((endpoint) => endpoint !== race.origin)];
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
): { readonly endpoint: string; readonly pass: 'quick' | 'slow' | 'reset' } | null {
  const authenticated = race.handshakes?.authenticated() ?? new Set();
  const ordered = orderCandidates(candidates, prefer).filter(
    (candidate) => candidate.route !== 'in-tunnel' && candidate.endpoint !== race.origin,
  );
  const isPeer = ({ endpoint }: CandidateState) => authenticated.has(endpoint);
  const usable = [...ordered.filter(isPeer), ...ordered.filter((candidate) => !isPeer(candidate))];
  const reset = nextReset(race, usable, authenticated);
  if (reset !== null) return { endpoint: reset, pass: 'reset' };
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
 * Where the session is to be reset, or null. The peer that answers where it was has lost its session. Elsewhere a living
 * session is worth a quick trial before.
 */
function nextReset(
  race: Race,
  usable: readonly CandidateState[],
  authenticated: ReadonlySet<unknown>,
): string | null {
  if (!race.mayReset) return null;
  const [best] = usable.filter(({ endpoint }) => authenticated.has(endpoint));
  const tried = best === undefined || !race.quick || race.triedQuick.has(best.endpoint);
  const target = race.origin !== null && authenticated.has(race.origin) ? race.origin : best?.endpoint;
  if (target === undefined || (target !== race.origin && !tried)) return null;
  race.mayReset = false;
  return target;
}

/**
 * Whether an address came meanwhile that is worth a question: a round trip, where a session lives on both ends (`quick`),
 * or a handshake. If so, quick trials are made (again).
 */
export function admitNewcomer(race: Race, candidates: readonly CandidateState[], quick: boolean): boolean {
  if (!quick && !race.handshakes) return false;
  const isNew = (endpoint: string) =>
    endpoint !== race.origin &&
    !race.triedQuick.has(endpoint) &&
    !race.triedSlow.has(endpoint) &&
    !race.handshakes?.isAsked(endpoint);
  const isUsable = ({ route }: CandidateState) => route !== 'in-tunnel' && route !== 'unknown';
  if (!candidates.some((candidate) => isUsable(candidate) && isNew(candidate.endpoint))) return false;
  race.quick ||= quick;
  return true;
}

/**
 * Whether a slow trial makes way: a newcomer is worth a round trip more than one that has been silent so far is worth
 * waiting for. The trial is made again afterwards.
 */
export function makeWay(
  race: Race,
  trial: Attempt,
  candidates: readonly CandidateState[],
  quick: boolean,
): boolean {
  if (trial.pass !== 'slow' || !admitNewcomer(race, candidates, quick)) return false;
  race.triedSlow.delete(trial.endpoint);
  return true;
}

/** Why a search that is through found nothing, in words. */
export function giveUpDetail(candidates: readonly CandidateState[]): string {
  return candidates.every((candidate) => candidate.route === 'in-tunnel')
    ? 'the route to every candidate leads into the tunnel itself, so none could be tried'
    : 'every candidate was tried on the tunnel, and none was proven';
}
