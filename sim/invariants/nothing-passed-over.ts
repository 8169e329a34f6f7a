import { addressOf } from '../../src/core/candidate.ts';
import { type InvariantMaker, spanText } from './invariant.ts';

/** A candidate is dismissed by a slow trial only if WireGuard sent it a handshake, or owed us an answer within 10.6 s. */
export const nothingPassedOver: InvariantMaker = (world) => {
  let trial: { readonly endpoint: string; readonly atMs: number } | null = null;
  let initiated = false;
  let slow = false;
  world.network.observe((fate, datagram) => {
    if (fate !== 'sent' || trial === null || datagram.payload.kind !== 'initiation') return;
    if (datagram.destination === addressOf(trial.endpoint)) initiated = true;
  });
  return {
    name: 'no candidate is passed over without having been asked',
    written(endpoint, { reason }) {
      trial = reason === 'trial' ? { endpoint, atMs: world.clock.nowMs() } : null;
      initiated = false;
      return null;
    },
    fact(fact) {
      const nowMs = world.clock.nowMs();
      if (fact.kind === 'trial') slow = fact.pass === 'slow';
      if (fact.kind !== 'trial-failed' || !slow || initiated || trial?.endpoint !== fact.endpoint)
        return null;
      const forMs = nowMs - trial.atMs;
      const excused =
        nowMs < world.excusedUntilMs() + 10_000 || fact.reason.includes('took the endpoint back');
      // Where the host itself refuses to send, no handshake can leave.
      const sinceMs = world.truth.livingSinceMs(fact.endpoint);
      const refused =
        world.swarm.faults.includes('family-without-route') && (sinceMs === null || sinceMs > trial.atMs);
      if (excused || refused || forMs >= 10_600) return null;
      return `${fact.endpoint} was dismissed after ${spanText(forMs)} without any handshake`;
    },
  };
};
