import { addressOf } from '../src/core/candidate.ts';
import { type Fault, faultConcerns } from './network/fault.ts';
import type { Network } from './network.ts';

/** What is really the case in a world, which no engine may know. Times are those of the world. */
export interface Truth {
  /** A fault of paths begins; the function returned ends it. */
  addFault(fault: Fault): () => void;
  /** Something else happened that may end sessions or change paths: whatever was living has to prove itself anew. */
  disturb(forMs?: number): void;
  /** The two ends have no session in common any more: nothing lives before the next handshake. */
  sessionLost(): void;
  /** A handshake got through. */
  sessionMade(): void;
  /** Packets get lost, or take longer than before, from now on for that long. */
  roughen(forMs: number): void;
  /** Since when an endpoint of the peer has been working both ways, undisturbed; null while it does not. */
  livingSinceMs(endpoint: string): number | null;
  /** Since when it has not been working in one way or both; null while it does. */
  deadSinceMs(endpoint: string): number | null;
  /** When the last disturbance ended; negative infinity for never. */
  disturbedAtMs(): number;
  /** Until when paths are rough. */
  roughUntilMs(): number;
  /** Addresses at which the peer answers; all others are dead for ever. */
  setAddresses(addresses: readonly string[]): void;
}

/** Watches the paths between the client and the addresses of its peer. */
export function createTruth(options: {
  readonly network: Network;
  readonly nowMs: () => number;
  readonly clientAddresses: () => readonly string[];
}): Truth {
  const { network, nowMs } = options;
  const active = new Set<Fault>();
  const states = new Map<string, { alive: boolean; sinceMs: number }>();
  let addresses: readonly string[] = [];
  let disturbedAtMs = Number.NEGATIVE_INFINITY;
  let roughUntilMs = Number.NEGATIVE_INFINITY;
  let withoutSession = true;

  const isAlive = (address: string): boolean => {
    if (!addresses.includes(address)) return false;
    const own = options.clientAddresses().find((one) => one.includes(':') === address.includes(':'));
    if (own === undefined) return false;
    const host = (one: string): string => (one === own ? 'client' : 'server');
    return ![...active].some(
      (fault) =>
        fault.protocol !== 'icmp' &&
        (faultConcerns(fault, own, address, host) || faultConcerns(fault, address, own, host)),
    );
  };
  const refresh = (): void => {
    for (const address of new Set([...addresses, ...states.keys()])) {
      const alive = isAlive(address);
      const before = states.get(address);
      if (before?.alive !== alive) states.set(address, { alive, sinceMs: nowMs() });
    }
  };

  return {
    addFault(fault) {
      active.add(fault);
      const lift = network.addFault(fault);
      refresh();
      return () => {
        active.delete(fault);
        lift();
        refresh();
      };
    },
    disturb(forMs = 0) {
      refresh();
      disturbedAtMs = Math.max(disturbedAtMs, nowMs() + forMs);
    },
    sessionLost() {
      withoutSession = true;
    },
    sessionMade() {
      if (withoutSession) disturbedAtMs = Math.max(disturbedAtMs, nowMs());
      withoutSession = false;
    },
    roughen(forMs) {
      roughUntilMs = Math.max(roughUntilMs, nowMs() + forMs);
    },
    livingSinceMs(endpoint) {
      const state = states.get(addressOf(endpoint));
      return state?.alive && !withoutSession ? Math.max(state.sinceMs, disturbedAtMs) : null;
    },
    deadSinceMs(endpoint) {
      const state = states.get(addressOf(endpoint));
      return state === undefined ? 0 : state.alive ? null : state.sinceMs;
    },
    disturbedAtMs: () => disturbedAtMs,
    roughUntilMs: () => roughUntilMs,
    setAddresses(now) {
      addresses = now;
      refresh();
    },
  };
}
