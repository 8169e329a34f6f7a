import { addressOf } from '../../src/core/candidate.ts';
import { pingBytes } from '../inner/packet.ts';
import { type InvariantMaker, spanText } from './invariant.ts';

/** Counters that cannot be read, or late, prove nothing, and a trial does not wait for ever. */
const toolFaults = ['tool-fails', 'tool-hangs', 'tool-late'] as const;

/**
 * A candidate that answered is proven: the answer lies in the socket, even if the program stood still and comes to read
 * it only after the trial's time was up.
 */
export const dismissesOnlyTheDead: InvariantMaker = (world) => {
  let tried: { readonly endpoint: string; readonly address: string } | null = null;
  let answeredAtMs: number | null = null;
  /** Echo requests that went to it since it was set. */
  const asked = new Set<number>();
  const toolMayFail = toolFaults.some((name) => world.swarm.faults.includes(name));
  world.network.observe((fate, { source, destination, payload }, nowMs) => {
    if (tried === null || payload.kind !== 'data' || payload.inner === null) return;
    const { kind, id, bytes } = payload.inner;
    // What a person pings is longer; nobody tells the program that it was answered.
    if (bytes >= pingBytes) return;
    if (kind === 'echo-request' && fate === 'sent' && destination === tried.address) asked.add(id);
    if (kind === 'echo-reply' && fate === 'delivered' && source === tried.address && asked.has(id))
      answeredAtMs ??= nowMs;
  });
  return {
    name: 'a candidate that answered is never dismissed',
    written(endpoint, { reason }) {
      const isTrial = reason === 'trial' || reason === 'fail-back';
      tried = isTrial ? { endpoint, address: addressOf(endpoint) } : null;
      answeredAtMs = null;
      asked.clear();
      return null;
    },
    fact(fact) {
      if (fact.kind !== 'trial-failed' || fact.endpoint !== tried?.endpoint || answeredAtMs === null)
        return null;
      // Where a firewall drops it behind the interface, nobody reads it. Under traffic the old path's last packets may take the endpoint back (facts B.5).
      if (!world.answersInside() || toolMayFail || fact.reason.includes('old path')) return null;
      const agoMs = world.clock.nowMs() - answeredAtMs;
      return `${fact.endpoint} answered ${spanText(agoMs)} before it was dismissed: ${fact.reason}`;
    },
  };
};
