/** What a peer's machine is doing. */
export type State =
  /** Waiting for the first look at the interface. */
  | 'starting'
  /** Asking for proof that the endpoint now set works. */
  | 'checking'
  /** The endpoint now set is proven. */
  | 'alive'
  /** Choosing the next candidate to try. */
  | 'racing'
  /** A candidate is being set. */
  | 'setting'
  /** A candidate is set and has to prove itself. */
  | 'proving'
  /** The endpoint from before is being put back. */
  | 'restoring'
  /** Nothing more will happen by itself. */
  | 'resting';

/** What moves a machine from one state to the next. */
export type Trigger =
  | 'endpoint-found'
  | 'no-endpoint'
  | 'proven'
  | 'condemned'
  | 'roamed'
  | 'offer'
  | 'try'
  | 'set'
  | 'failed'
  | 'put-back'
  | 'restored'
  | 'recheck'
  /** A result is at hand, or the peer is gone, or `wg` failed for good, or the time is up. */
  | 'stop';

/** Every transition there is. A pair that is not listed is a bug, not an event to be ignored. */
export const transitions: { readonly [From in State]: { readonly [T in Trigger]?: State } } = {
  starting: { 'endpoint-found': 'checking', 'no-endpoint': 'racing', stop: 'resting' },
  checking: {
    proven: 'alive',
    condemned: 'racing',
    roamed: 'checking',
    'put-back': 'restoring',
    stop: 'resting',
  },
  alive: { offer: 'setting', stop: 'resting' },
  racing: { try: 'setting', 'put-back': 'restoring', stop: 'resting' },
  setting: { set: 'proving', failed: 'racing', 'put-back': 'restoring', stop: 'resting' },
  proving: {
    proven: 'alive',
    failed: 'racing',
    roamed: 'checking',
    'put-back': 'restoring',
    stop: 'resting',
  },
  restoring: { restored: 'resting', recheck: 'checking', stop: 'resting' },
  resting: {},
};

/** The state after a trigger. Throws if the table has no such transition: that is a bug of the core. */
export function nextState(from: State, trigger: Trigger): State {
  const to = transitions[from][trigger];
  if (!to) throw new Error(`no transition from "${from}" on "${trigger}"`);
  return to;
}
