import type { WatchSnapshot } from '../../src/core/watch/watch-types.ts';
import type { InvariantMaker } from './invariant.ts';

/** What a person would see. */
function visible({ state, health, endpoint, proof }: WatchSnapshot): string {
  return `${state} (${health}) on ${endpoint ?? '(none)'}, proven by ${proof === null ? 'nothing' : `${proof.kind} at ${proof.atMs}`}`;
}

/** A reading, or an answer, of an older generation changes nothing, however late it comes. */
export const freshEvidence: InvariantMaker = (world) => {
  let before: WatchSnapshot | null = null;
  let dueMs: number | null = null;
  return {
    name: 'evidence of an older generation is never used',
    handled(event, snapshot) {
      const last = before;
      const lastDueMs = dueMs;
      before = snapshot;
      dueMs = world.managed.watch().nextDueMs();
      if (last === null) return null;
      if (event.type !== 'observed' && event.type !== 'echo-answered' && event.type !== 'set-done')
        return null;
      if (event.generation >= last.generation) return null;
      // What was due by now would have happened with any event.
      if (lastDueMs !== null && lastDueMs <= world.managed.nowMs()) return null;
      if (visible(last) === visible(snapshot)) return null;
      return `${event.type} of #${event.generation} came while #${last.generation} was current, and moved it from ${visible(last)} to ${visible(snapshot)}`;
    },
  };
};
