import type { Outcome, PeerAction } from './action.ts';
import type { Preference } from './candidate.ts';
import type { CandidateTable } from './candidate-table.ts';
import { dryRunOutcome } from './dry-run.ts';
import { giveUpDetail, nextTrial, type Race, worthAsking } from './race.ts';
import type { Pass } from './trial.ts';

/** What a search does next. */
export type SearchStep =
  /** Something is on the way that may change the answer; `untilMs`: how long it is waited for, null for as long as it takes. */
  | { readonly kind: 'wait'; readonly untilMs: number | null }
  | { readonly kind: 'try'; readonly endpoint: string; readonly pass: Pass }
  /** Put this one back, and end so; or (null) look at it again, since it may be good after all. */
  | { readonly kind: 'put-back'; readonly endpoint: string; readonly outcome: Outcome | null }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** What that is decided from. */
export interface SearchInput {
  readonly race: Race;
  readonly table: CandidateTable;
  /** No look-up is under way any more. */
  readonly settled: boolean;
  readonly mayBeGood: boolean;
  /** How long one answer may take. */
  readonly timeoutMs: number;
  readonly prefer: Preference;
  readonly dryRun: boolean;
}

/** Decides it, and says what has to be asked meanwhile. */
export function nextStep(
  input: SearchInput,
  nowMs: number,
): { readonly step: SearchStep; readonly actions: readonly PeerAction[] } {
  const { race, table, prefer } = input;
  const listed = table.listed();
  // Routes take milliseconds; a candidate inside the tunnel must not be tried before its route is known.
  const unrouted = listed.some((candidate) => candidate.route === 'unknown');
  if (listed.length === 0 || unrouted || !race.handshakes)
    return { step: choose(input, unrouted), actions: [] };
  const origin = race.origin === null ? undefined : table.get(race.origin);
  const order = worthAsking(race, listed, origin, prefer);
  const asked = race.handshakes.ask(order, input.timeoutMs, nowMs);
  const { untilMs, actions } = race.handshakes.step(order, nowMs);
  const step: SearchStep = untilMs === null ? choose(input, false) : { kind: 'wait', untilMs };
  return { step, actions: [...asked, ...actions] };
}

function choose(input: SearchInput, unrouted: boolean): SearchStep {
  const { race, settled } = input;
  const listed = input.table.listed();
  const wait: SearchStep = { kind: 'wait', untilMs: null };
  if (listed.length === 0) return settled ? { kind: 'end', outcome: { kind: 'no-candidates' } } : wait;
  if (unrouted) return wait;
  const next = nextTrial(race, listed, input.prefer);
  if (next) {
    if (input.dryRun) return { kind: 'end', outcome: dryRunOutcome(listed, next.endpoint) };
    return { kind: 'try', ...next };
  }
  if (!settled) return wait;
  if (input.mayBeGood && race.origin !== null && !input.dryRun)
    return { kind: 'put-back', endpoint: race.origin, outcome: null };
  return giveUp(input, giveUpDetail(listed));
}

/** Nothing works: back to where the search began, or to the first candidate where nothing was set. */
export function giveUp({ race, table, dryRun }: SearchInput, detail: string): SearchStep {
  const outcome: Outcome = { kind: 'none-works', detail };
  const usable = table.listed().find((candidate) => candidate.route !== 'in-tunnel');
  const endpoint = race.origin ?? usable?.endpoint ?? null;
  return dryRun || endpoint === null ? { kind: 'end', outcome } : { kind: 'put-back', endpoint, outcome };
}
