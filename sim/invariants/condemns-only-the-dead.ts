import { type InvariantMaker, spanText } from './invariant.ts';

/** A path that worked so long without a break answers whatever is asked of it. */
const livingForMs = 30_000;

/**
 * An endpoint whose path has been alive is never condemned, proven or not: no matter when the program stood still, and
 * how late it read what had come in. Only where packets get lost may silence mislead (`leavesOnlyTheDead`).
 */
export const condemnsOnlyTheDead: InvariantMaker = (world) => {
  let lookedAtMs = 0;
  let state = '';
  let answered = false;
  /** The search goes on where the last one ended, without a look. */
  let fromParked = false;
  return {
    name: 'a living endpoint is never condemned',
    handled(event, snapshot) {
      if (event.type === 'echo-answered') answered = true;
      if (snapshot.state === 'looking' && state !== 'looking') {
        lookedAtMs = world.clock.nowMs();
        fromParked = state === 'parked';
      }
      state = snapshot.state;
      return null;
    },
    fact(fact) {
      if (fact.kind !== 'condemned' || fact.endpoint === null) return null;
      if (world.clock.nowMs() < world.truth.roughUntilMs() || world.swarm.lossRate > 0) return null;
      // Five echoes to a target that answered until now are worth a quick trial with rollback (design §2).
      if (answered && !world.answersInside()) return null;
      if (fromParked && !world.answersInside()) return null;
      const livedMs = lookedAtMs - (world.truth.livingSinceMs(fact.endpoint) ?? Number.POSITIVE_INFINITY);
      if (livedMs < livingForMs) return null;
      return `${fact.endpoint} had been alive for ${spanText(livedMs)} when it was condemned: ${fact.reason}`;
    },
  };
};
