/** What a watched peer is doing. */
export type WatchState =
  | 'idle'
  /** The search engine takes a close look, and repairs what it can. */
  | 'looking'
  /** Proven, and tested from time to time. */
  | 'alive'
  /** Nothing works; waiting on the most likely endpoint for the next search. */
  | 'parked'
  /** The operator wants our hands off. */
  | 'paused'
  /** The peer or its interface is gone; whoever sees it again makes a new watch. */
  | 'gone';

/** What moves a watched peer from one state to the next. */
export type WatchTrigger = 'look' | 'alive' | 'park' | 'pause' | 'gone';

/** Why a close look is taken. */
export type LookReason =
  | 'start'
  | 'suspicion'
  | 'roamed'
  | 'fail-back'
  | 'retry'
  | 'sign-of-life'
  | 'news'
  | 'network-changed';

/** Every transition there is. */
export const watchTransitions: {
  readonly [From in WatchState]: { readonly [T in WatchTrigger]?: WatchState };
} = {
  idle: { look: 'looking', pause: 'paused', gone: 'gone' },
  looking: { alive: 'alive', park: 'parked', pause: 'paused', gone: 'gone' },
  alive: { look: 'looking', pause: 'paused', gone: 'gone' },
  parked: { look: 'looking', pause: 'paused', gone: 'gone' },
  paused: { look: 'looking', gone: 'gone' },
  gone: {},
};

/** The state after a trigger. Throws if the table has no such transition: that is a bug of the core. */
export function nextWatchState(from: WatchState, trigger: WatchTrigger): WatchState {
  const to = watchTransitions[from][trigger];
  if (!to) throw new Error(`no transition of a watched peer from "${from}" on "${trigger}"`);
  return to;
}
