/** Why an endpoint is set. `again` sets the one that is set already: it clears a stale source address. */
export type SetReason = 'again' | 'trial' | 'fail-back' | 'restore' | 'hint';
