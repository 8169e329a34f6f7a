import { type InvariantMaker, spanText } from './invariant.ts';

/** A path that worked so long without a break is no path anybody has a reason to leave. */
const livingForMs = 30_000;

/**
 * A proven endpoint whose path has been alive is left only by the verified offer of a preferred one. On a smooth path
 * not even a quick trial is allowed; where packets get lost one is, but it must not end elsewhere.
 */
export const leavesOnlyTheDead: InvariantMaker = (world) => {
  let proven: string | null = null;
  let written: { readonly endpoint: string; readonly chosen: boolean } | null = null;
  let lookedAtMs = 0;
  let state = '';
  /** How long it had been alive when the search began that is under way. */
  const livedMs = (endpoint: string): number =>
    lookedAtMs - (world.truth.livingSinceMs(endpoint) ?? Number.POSITIVE_INFINITY);
  const isRough = (): boolean => world.clock.nowMs() < world.truth.roughUntilMs();
  /** Somebody inside answered, and does so no more: that looks like a dead path, and a quick trial is harmless. */
  let answered = false;
  const fellSilent = (): boolean => answered && !world.answersInside();
  /** What `wg` says seconds later is no news of the path, and a set that hangs may take effect at any time. */
  const isExcused = (): boolean => world.clock.nowMs() < world.excusedUntilMs();
  // The other end, where it is managed, too, may move this one's endpoint by roaming.
  const ownOnly = !world.swarm.bothEnds;

  return {
    name: 'a proven, living endpoint is left only by a verified fail-back',
    handled(event) {
      if (event.type === 'echo-answered') answered = true;
      const now = world.managed.watch().snapshot().state;
      if (now === 'looking' && state !== 'looking') lookedAtMs = world.clock.nowMs();
      if (now !== 'looking' && now !== 'alive') proven = null;
      state = now;
      return null;
    },
    written(endpoint, { reason }, before) {
      written = { endpoint, chosen: reason === 'trial' };
      if (reason !== 'trial' || before === null || before !== proven || endpoint === before) return null;
      if (!ownOnly || isRough() || world.swarm.lossRate > 0 || livedMs(before) < livingForMs) return null;
      if (fellSilent() || isExcused()) return null;
      return `${before} had been alive for ${spanText(livedMs(before))}, but ${endpoint} was tried`;
    },
    proven({ endpoint }) {
      const before = proven;
      proven = endpoint;
      if (before === null || before === endpoint || livedMs(before) < livingForMs) return null;
      if (!ownOnly || isRough() || isExcused() || !written?.chosen || written.endpoint !== endpoint)
        return null;
      // With loss a silent peer's only answer in 10 s may be lost, and then the handshake, too.
      if (!world.answersInside() && world.swarm.lossRate > 0) return null;
      return `${before} had been alive for ${spanText(livedMs(before))}, but it was left for ${endpoint}`;
    },
  };
};
