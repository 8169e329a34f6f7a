import { wireguard } from '../../src/core/constants.ts';
import { tunnelKeys } from '../tunnel.ts';
import { type InvariantMaker, spanText } from './invariant.ts';

/** Design §4: at least five independent losses. */
const atLeast = 5;
/** No time-out of an echo is shorter. */
const leastTimeoutMs = 200;
/** After this time WireGuard itself owed an answer. */
const owedMs = 10_000;
/** A session that is about to end is none any more by the time of the look. */
const marginMs = 15_000;

/**
 * While a session lives, silence shorter than WireGuard's own 10 s means nothing unless five echoes in a row were lost:
 * three lost in a row are an everyday thing where 2 % of packets are.
 */
export const fiveLosses: InvariantMaker = (world) => {
  /** Rounds of echoes since the last answer or proof; when each was asked for. */
  let rounds: number[] = [];
  let state = '';
  let parkedBefore = false;

  const hasSession = (): boolean => {
    const status = world.device()?.show(tunnelKeys.server);
    if (!status || status.latestHandshakeS === 0) return false;
    const ageMs = world.client.host.clock.wallMs() - status.latestHandshakeS * 1_000;
    return ageMs >= 0 && ageMs < wireguard.rejectAfterMs - marginMs;
  };

  return {
    name: 'within 10 s nothing less than five lost echoes condemns',
    handled(event, snapshot) {
      if (event.type === 'echo-answered') rounds = [];
      // A search that goes on where the last one ended has its verdict already.
      if (snapshot.state === 'looking' && state !== 'looking') parkedBefore = state === 'parked';
      state = snapshot.state;
      return null;
    },
    asked(action) {
      const nowMs = world.clock.nowMs();
      if (action.type === 'echo' && rounds.at(-1) !== nowMs) rounds.push(nowMs);
      return null;
    },
    proven() {
      rounds = [];
      return null;
    },
    fact(fact) {
      if (fact.kind !== 'condemned' || parkedBefore || !hasSession()) return null;
      const nowMs = world.clock.nowMs();
      const forMs = nowMs - (rounds[0] ?? nowMs);
      const lost = rounds.filter((atMs) => nowMs - atMs >= leastTimeoutMs).length;
      if (forMs >= owedMs || lost >= atLeast) return null;
      return `${fact.endpoint} was condemned after ${lost} lost echoes within ${spanText(forMs)}: ${fact.reason}`;
    },
  };
};
