import { type InvariantMaker, spanText } from './invariant.ts';

const hourMs = 3_600_000;
const atMost = 6;

/**
 * At most six proven switches an hour that the engine chose to make: offers that were taken, the flights from what was
 * taken, and any switch away from a living path. A switch away from a path that died by itself is not counted: where
 * paths die each minute, the bound on recovery owes a switch for each death, and a cap on those would be an outage.
 */
export const fewSwitches: InvariantMaker = (world) => {
  let chosen: number[] = [];
  let taken: string | null = null;
  let takenAtMs = Number.NEGATIVE_INFINITY;
  let proven: string | null = null;
  let written: string | null = null;
  return {
    name: `at most ${atMost} proven switches an hour by choice`,
    written(endpoint) {
      written = endpoint;
      return null;
    },
    fact(fact) {
      if (fact.kind !== 'fail-back' || fact.outcome !== 'done') return null;
      takenAtMs = world.clock.nowMs();
      taken = fact.to;
      return null;
    },
    proven({ endpoint }) {
      const nowMs = world.clock.nowMs();
      const before = proven;
      proven = endpoint;
      // Somebody else may have set it, or an interface made anew has what its file says.
      if (before === null || before === endpoint || written !== endpoint) return null;
      written = null;
      const byChoice =
        nowMs - takenAtMs < hourMs || nowMs - (world.truth.livingSinceMs(before) ?? nowMs) > 30_000;
      if (before === taken && endpoint !== taken) takenAtMs = Number.NEGATIVE_INFINITY;
      // Where up to four packets in ten get lost on every path, none of them keeps what it proved.
      const rough = nowMs < world.truth.roughUntilMs();
      if (!byChoice || rough) return null;
      chosen = chosen.filter((atMs) => nowMs - atMs < hourMs);
      chosen.push(nowMs);
      if (chosen.length <= atMost) return null;
      return `${chosen.length} switches within ${spanText(nowMs - (chosen[0] ?? 0))}`;
    },
  };
};
