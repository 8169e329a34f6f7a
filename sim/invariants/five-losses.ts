import { wireguard } from '../../src/core/constants.ts';
import { type InvariantMaker, spanText } from './invariant.ts';

/** Design §4: at least five independent losses. */
const atLeast = 5;
/** No time-out of an echo is shorter. */
const leastTimeoutMs = 200;
/** After this time WireGuard itself owed an answer. */
const owedMs = 10_000;
/** A peer that never answers must not fill the memory. */
const remembered = 50;
/** A session that is about to end is none any more by the time of the look. */
const marginMs = 15_000;

/**
 * While a session lives, silence shorter than WireGuard's own 10 s means nothing unless five echoes in a row were lost:
 * three lost in a row are an everyday thing where 2 % of packets are.
 */
export const fiveLosses: InvariantMaker = (world) => {
  /** Echoes asked for since the last one that was answered, or the last proof. */
  let echoes: { readonly echo: number; readonly atMs: number }[] = [];
  let state = '';
  let parkedBefore = false;

  const hasSession = (): boolean => {
    const status = world.device()?.show(world.peerKey);
    if (!status || status.latestHandshakeS === 0) return false;
    const ageMs = world.client.host.clock.wallMs() - status.latestHandshakeS * 1_000;
    return ageMs >= 0 && ageMs < wireguard.rejectAfterMs - marginMs;
  };

  return {
    name: 'within 10 s nothing less than five lost echoes condemns',
    handled(event, snapshot) {
      if (event.type === 'echo-answered') {
        const index = echoes.findIndex(({ echo }) => echo === event.echo);
        echoes = echoes.slice(index + 1);
      }
      // A search that goes on where the last one ended has its verdict already.
      if (snapshot.state === 'looking' && state !== 'looking') parkedBefore = state === 'parked';
      state = snapshot.state;
      return null;
    },
    asked(action) {
      const nowMs = world.clock.nowMs();
      // Those of one moment, to several targets, are one round.
      if (action.type === 'echo' && echoes.at(-1)?.atMs !== nowMs)
        echoes = [...echoes.slice(-remembered), { echo: action.echo, atMs: nowMs }];
      return null;
    },
    proven() {
      echoes = [];
      return null;
    },
    fact(fact) {
      if (fact.kind !== 'condemned' || parkedBefore || !hasSession()) return null;
      const nowMs = world.clock.nowMs();
      const forMs = nowMs - (echoes[0]?.atMs ?? nowMs);
      const lost = echoes.filter(({ atMs }) => nowMs - atMs >= leastTimeoutMs).length;
      if (forMs >= owedMs || lost >= atLeast) return null;
      return `${fact.endpoint} was condemned after ${lost} lost echoes within ${spanText(forMs)}: ${fact.reason}`;
    },
  };
};
