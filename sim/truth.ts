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

/** The faults of paths of one world, for everybody who wants to know what works. */
export interface FaultBook {
  readonly active: ReadonlySet<Fault>;
  add(fault: Fault): () => void;
  onChange(listener: () => void): void;
}

/** Makes a book without faults. */
export function createFaultBook(network: Network): FaultBook {
  const active = new Set<Fault>();
  const listeners: (() => void)[] = [];
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    active,
    add(fault) {
      active.add(fault);
      const lift = network.addFault(fault);
      changed();
      return () => {
        active.delete(fault);
        lift();
        changed();
      };
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}

/** Watches the paths between the client and the addresses of its peer. */
export function createTruth(options: {
  readonly faults: FaultBook;
  /** The host of the peer. */
  readonly peerHost: string;
  readonly nowMs: () => number;
  readonly clientAddresses: () => readonly string[];
}): Truth {
  const { faults, nowMs } = options;
  const states = new Map<string, { alive: boolean; sinceMs: number }>();
  let addresses: readonly string[] = [];
  let disturbedAtMs = Number.NEGATIVE_INFINITY;
  let roughUntilMs = Number.NEGATIVE_INFINITY;
  let withoutSession = true;

  const isAlive = (address: string): boolean => {
    if (!addresses.includes(address)) return false;
    const own = options.clientAddresses().find((one) => one.includes(':') === address.includes(':'));
    if (own === undefined) return false;
    const host = (one: string): string => (one === own ? 'client' : options.peerHost);
    return ![...faults.active].some(
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

  faults.onChange(refresh);
  return {
    addFault: faults.add,
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

/** What disturbs one tunnel of the host may disturb all of them. */
export function togetherWith(own: Truth, others: readonly Truth[]): Truth {
  const all = [own, ...others];
  return {
    ...own,
    disturb: (forMs) => all.forEach((one) => void one.disturb(forMs)),
    sessionLost: () => all.forEach((one) => void one.sessionLost()),
    roughen: (forMs) => all.forEach((one) => void one.roughen(forMs)),
  };
}
