import type { PeerName } from './peer-name.ts';

/** A pause that the operator asked for. */
export interface Pause {
  /** When it ends by itself (monotonic milliseconds); null for never. */
  readonly untilMs: number | null;
}

/**
 * Which peers the operator wants left alone. A pause belongs to an interface's name and a key, not to what is watched
 * now: interfaces are made anew and settings change while it lasts. It does not outlive the process.
 */
export interface Pauses {
  /** Begins a pause, in place of the one there was; `forMs` null: until it is ended. */
  begin(peer: PeerName, forMs: number | null): void;
  end(peer: PeerName): void;
  of(peer: PeerName): Pause | null;
  /** Every peer that is paused, watched now or not. */
  all(): readonly PeerName[];
  /** No pause ends any more. */
  close(): void;
}

/** A timer of Node holds 24 days at the most, and ends at once beyond; looking earlier changes nothing. */
const maxDelayMs = 3_600_000;

/** Creates a list without pauses. `onOver` is told of each that ended by itself. */
export function createPauses(onOver: (peer: PeerName) => void): Pauses {
  const pauses = new Map<string, Pause & { readonly peer: PeerName }>();
  let timer: NodeJS.Timeout | undefined;

  function arm(): void {
    clearTimeout(timer);
    const ends = [...pauses.values()].flatMap(({ untilMs }) => untilMs ?? []);
    if (ends.length === 0) return;
    const delayMs = Math.max(0, Math.ceil(Math.min(...ends) - performance.now()));
    timer = setTimeout(sweep, Math.min(delayMs, maxDelayMs)).unref();
  }

  function sweep(): void {
    const nowMs = performance.now();
    const over = [...pauses].filter(([, { untilMs }]) => untilMs !== null && untilMs <= nowMs);
    for (const [name] of over) pauses.delete(name);
    arm();
    for (const [, { peer }] of over) onOver(peer);
  }

  return {
    begin(peer, forMs) {
      const { interface: interfaceName, publicKey } = peer;
      const untilMs = forMs === null ? null : performance.now() + forMs;
      pauses.set(nameOf(peer), { peer: { interface: interfaceName, publicKey }, untilMs });
      arm();
    },
    end(peer) {
      pauses.delete(nameOf(peer));
      arm();
    },
    of: (peer) => pauses.get(nameOf(peer)) ?? null,
    all: () => [...pauses.values()].map(({ peer }) => peer),
    close: () => clearTimeout(timer),
  };
}

function nameOf({ interface: interfaceName, publicKey }: PeerName): string {
  return `${interfaceName} ${publicKey}`;
}
