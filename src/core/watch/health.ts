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
}

/** The health of a watched peer, for people and scripts. */
export function healthOf({ state, lookReason, search, provenOnce, undecided }: HealthInput): Health {
  switch (state) {
    case 'paused':
      return 'paused';
    case 'idle':
      return 'unknown';
    case 'alive':
      return !provenOnce ? 'unknown' : undecided ? 'suspect' : 'up';
    case 'parked':
    case 'gone':
      return 'down';
    case 'looking':
      if (search !== 'starting' && search !== 'checking') return lookReason === 'fail-back' ? 'up' : 'down';
      if (!provenOnce) return 'unknown';
      return lookReason === 'suspicion'
        ? 'suspect'
        : lookReason === 'fail-back' || lookReason === 'roamed'
          ? 'up'
          : 'down';
  }
}
