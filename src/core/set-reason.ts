/**
 * Why an endpoint is set. `again` sets the one that is set already: it clears a stale source address. `reset`: the peer
 * is removed and added again with it.
 */
export type SetReason = 'again' | 'trial' | 'reset' | 'fail-back' | 'restore' | 'hint';
