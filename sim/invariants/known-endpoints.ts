import type { InvariantMaker } from './invariant.ts';

/** It never sets an endpoint that is neither a candidate, nor learned by roaming, nor the one that was there. */
export const knownEndpoints: InvariantMaker = () => {
  const known = new Set<string>();
  return {
    name: 'never an endpoint outside the candidates, those learned by roaming, and the one that was there',
    handled(event) {
      if (event.type === 'candidates') for (const one of event.candidates) known.add(one.endpoint);
      if ((event.type === 'observed' || event.type === 'set-done') && event.observation.endpoint !== null)
        known.add(event.observation.endpoint);
      return null;
    },
    asked(action) {
      return action.type === 'set' && !known.has(action.endpoint) ? `it set ${action.endpoint}` : null;
    },
  };
};
