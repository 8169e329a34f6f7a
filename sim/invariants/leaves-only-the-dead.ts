import { type InvariantMaker, spanText } from './invariant.ts';

/** A path that worked so long without a break is no path anybody has a reason to leave. */
const livingForMs = 30_000;

/**
 * A proven endpoint whose path has been alive is left only by the verified offer of a preferred one. On a smooth path
 * not even a quick trial is allowed; where packets get lost one is, but it must not end elsewhere.
 */
export const leavesOnlyTheDead: InvariantMaker = (world) => {
  let proven: string | null = null;
  let written: { readonly endpoint: string; readonly chosen: boolean; readonly atMs: number } | null = null;
  let lookedAtMs = 0;
  /** It was left by a write of ours; another writer may have moved the endpoint before. */
  let left = false;
  let state = '';
  /** How long it had been alive when the search began that is under way. */
  const livedMs = (endpoint: string): number =>
    lookedAtMs - (world.truth.livingSinceMs(endpoint) ?? Number.POSITIVE_INFINITY);
  const isRough = (): boolean => world.clock.nowMs() < world.truth.roughUntilMs();
  /** Somebody inside answered, and does so no more: that looks like a dead path, and a quick trial is harmless. */
  let answered = false;
  const fellSilent = (): boolean => answered && !world.answersInside();

  return {
    name: 'a proven, living endpoint is left only by a verified fail-back',
    handled(event, { state: now }) {
      if (event.type === 'echo-answered') answered = true;
      if (now === 'looking' && state !== 'looking') lookedAtMs = world.clock.nowMs();
      if (now !== 'looking' && now !== 'alive') proven = null;
      state = now;
      return null;
    },
    written(endpoint, { reason }, before) {
      written = { endpoint, chosen: reason === 'trial', atMs: world.clock.nowMs() };
      if (reason !== 'trial' || before === null || before !== proven || endpoint === before) return null;
      left = true;
      if (isRough() || world.swarm.lossRate > 0 || livedMs(before) < livingForMs) return null;
      if (fellSilent()) return null;
      return `${before} had been alive for ${spanText(livedMs(before))}, but ${endpoint} was tried`;
    },
    proven({ endpoint }) {
      const before = proven;
      proven = endpoint;
      const wasLeft = left;
      left = false;
      if (!wasLeft || before === null || before === endpoint || livedMs(before) < livingForMs) return null;
      if (isRough() || !written?.chosen || written.endpoint !== endpoint) return null;
      // What was set in an earlier search is there now because the peer roamed.
      if (written.atMs < lookedAtMs) return null;
      return `${before} had been alive for ${spanText(livedMs(before))}, but it was left for ${endpoint}`;
    },
  };
};
