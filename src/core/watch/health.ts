import type { State } from '../transitions.ts';
import type { LookReason, WatchState } from './watch-transitions.ts';
import type { Health } from './watch-types.ts';

/** What the health of a watched peer follows from. */
export interface HealthInput {
  readonly state: WatchState;
  /** Why the close look under way was begun. */
  readonly lookReason: LookReason;
  /** What the search does in it, or null. */
  readonly search: State | null;
  /** The tunnel was proven at least once. */
  readonly provenOnce: boolean;
  /** The last look found the peer heard, but nothing that shows that it hears us. */
  readonly undecided: boolean;
  /** The health until now. */
  readonly before: Health;
}

/**
 * The health of a watched peer, for people and scripts. Who is down stays down until proven: that the old endpoint is
 * put back and looked at once more is how it is searched for, and no news.
 */
export function healthOf(input: HealthInput): Health {
  switch (input.state) {
    case 'paused':
      return 'paused';
    case 'idle':
      return 'unknown';
    case 'alive':
      return !input.provenOnce ? 'unknown' : input.undecided ? 'suspect' : 'up';
    case 'parked':
    case 'gone':
      return 'down';
    case 'looking':
      return input.before === 'down' ? 'down' : lookingHealth(input);
  }
}

function lookingHealth({ lookReason, search, provenOnce }: HealthInput): Health {
  // Candidates are chosen only when the endpoint was given up; what is set otherwise is an offer.
  if (search === 'racing') return 'down';
  if (search !== 'starting' && search !== 'checking') return lookReason === 'fail-back' ? 'up' : 'down';
  if (!provenOnce) return 'unknown';
  switch (lookReason) {
    case 'start':
      return 'unknown';
    case 'suspicion':
      return 'suspect';
    case 'fail-back':
    case 'roamed':
      return 'up';
    default:
      return 'down';
  }
}
