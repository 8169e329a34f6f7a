import { type InvariantMaker, spanText } from './invariant.ts';

/** A path that worked so long before it was tried answers the first packet. */
const livingForMs = 1_000;

/**
 * A candidate whose path is alive, and whose session with us too, is proven when it is tried: the answer is there, even
 * if the program stood still and reads it only after the trial's time was up.
 */
export const dismissesOnlyTheDead: InvariantMaker = (world) => {
  let triedAtMs = 0;
  let tried: string | null = null;
  return {
    name: 'a living candidate is never dismissed',
    written(endpoint) {
      tried = endpoint;
      triedAtMs = world.clock.nowMs();
      return null;
    },
    fact(fact) {
      const nowMs = world.clock.nowMs();
      if (fact.kind !== 'trial-failed' || fact.endpoint !== tried) return null;
      if (nowMs < world.truth.roughUntilMs() || world.swarm.lossRate > 0 || !world.answersInside())
        return null;
      // The old path's last packets may take the endpoint back (facts B.5).
      if (fact.reason.includes('took the endpoint back')) return null;
      const livedMs = triedAtMs - (world.truth.livingSinceMs(fact.endpoint) ?? Number.POSITIVE_INFINITY);
      if (livedMs < livingForMs) return null;
      return `${fact.endpoint} had been alive for ${spanText(livedMs)} when it was tried, but: ${fact.reason}`;
    },
  };
};
