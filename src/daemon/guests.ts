import { setTimeout as sleep } from 'node:timers/promises';
import type { InterfaceEffects } from '../effects/interface-effects.ts';
import { readUsable, repairPeers } from '../oneshot/repair-peers.ts';
import type { PeerRequest, PeerResult, RunOptions, RunReport } from '../oneshot/request.ts';
import type { PeerName } from './peer-name.ts';
import type { StateKeeper } from './state-keeper.ts';

/**
 * Peers that are not watched and that somebody wants looked after once, on an interface whose lock and writes are the
 * daemon's. While it looks after them, nobody else does.
 */
export interface Guests {
  /** Every peer gets a result; `signal` ends the work early, with whatever is on trial put back. Never rejects. */
  serve(visit: Visit): Promise<PeerResult[]>;
  /** Whether this peer is being looked after now, so that it must not be watched yet. */
  has(peer: PeerName): boolean;
  /** Ends the work on that interface, or on all, and settles when all is put back, or cannot be within 3 s. */
  leave(interfaceName?: string): Promise<void>;
}

/** One request. */
export interface Visit {
  readonly interface: string;
  readonly effects: InterfaceEffects;
  readonly peers: readonly PeerRequest[];
  readonly run: RunOptions;
  readonly onFact: RunReport['fact'];
  readonly signal: AbortSignal;
}

/** A `wg` that has not answered after this time hangs; on a healthy host it takes 3 ms. */
const toolTimeoutMs = 5_000;
/** How much of a visit's time has to be left for its work when an earlier one is over: as with the lock. */
const workMs = 15_000;
/** Putting an endpoint back takes two calls of `wg`; one that hangs must not hold up the end of the daemon. */
const leaveMs = 3_000;

/** Creates a place for guests where nobody is. */
export function createGuests(state: StateKeeper): Guests {
  /** What is under way, by interface; one visit after the other. */
  const visits = new Map<string, { readonly stop: AbortController; readonly done: Promise<unknown> }>();
  const present = new Set<string>();

  async function work(visit: Visit, signal: AbortSignal): Promise<PeerResult[]> {
    const { interface: name, peers } = visit;
    const facts = await readUsable(name, toolTimeoutMs);
    if (facts.kind !== 'ok') return refuse(visit, facts.detail);
    const { results, learned } = await repairPeers({
      ...visit,
      facts,
      signal,
      remembered: (publicKey) => state.peer(name, publicKey),
    });
    for (const { publicKey } of peers) {
      const lesson = learned[nameOf({ interface: name, publicKey })];
      if (lesson) state.setPeer(name, publicKey, lesson);
    }
    return results;
  }

  return {
    async serve(visit) {
      const { interface: name } = visit;
      for (let before = visits.get(name); before !== undefined; before = visits.get(name)) {
        const patienceMs = visit.run.endMs - workMs - performance.now();
        if (patienceMs <= 0 || visit.signal.aborted)
          return refuse(
            visit,
            `another run is working on ${name}; nothing was done. Try again when it has ended`,
          );
        await Promise.race([before.done, sleep(patienceMs, undefined, { ref: false })]);
      }
      const stop = new AbortController();
      const keys = visit.peers.map(({ publicKey }) => nameOf({ interface: name, publicKey }));
      for (const key of keys) present.add(key);
      const working = work(visit, AbortSignal.any([visit.signal, stop.signal]));
      const done = working
        .catch(() => {})
        .then(() => {
          for (const key of keys) present.delete(key);
          visits.delete(name);
        });
      visits.set(name, { stop, done });
      const results = await working;
      await done;
      return results;
    },
    has: (peer) => present.has(nameOf(peer)),
    async leave(interfaceName) {
      const ending = [...visits].filter(([name]) => interfaceName === undefined || name === interfaceName);
      for (const [, { stop }] of ending) stop.abort();
      const over = Promise.all(ending.map(([, { done }]) => done));
      await Promise.race([over, sleep(leaveMs, undefined, { ref: false })]);
    },
  };
}

function refuse({ peers }: Visit, detail: string): PeerResult[] {
  return peers.map(({ publicKey }) => ({ kind: 'refused', publicKey, detail }));
}

function nameOf({ interface: interfaceName, publicKey }: PeerName): string {
  return `${interfaceName} ${publicKey}`;
}
