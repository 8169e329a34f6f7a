import type { Clock } from './clock.ts';

/** A timer that can be set again and again; only one time is ever pending. */
export interface Timer {
  /** Fires at that time of the host's monotonic clock; replaces what was pending. */
  set(dueMs: number): void;
  /** Nothing is pending after this. */
  cancel(): void;
  pending(): boolean;
}

/** The clocks of one host, in milliseconds. */
export interface HostClock {
  /** CLOCK_MONOTONIC: stands still while the host is suspended, never steps. */
  monotonicMs(): number;
  /** CLOCK_BOOTTIME: runs on while the host is suspended. */
  bootMs(): number;
  /** Unix milliseconds as this host believes them to be. */
  wallMs(): number;
  /** Moves the wall clock, forwards or back. */
  stepWall(byMs: number): void;
  /** The host sleeps from now on for that long: no timer fires, no packet leaves or arrives. */
  suspend(forMs: number): void;
  suspended(): boolean;
  /** When the present sleep ends (time of the world), or now. */
  wakesAtMs(): number;
  /** Called when a sleep begins, before anything stops. */
  onSuspend(listener: () => void): void;
  /** A timer on the monotonic clock. */
  timer(fire: () => void): Timer;
}

/** Less than any delay in this world; makes up for the rounding of sums. */
const roundingMs = 1e-6;

/** Makes the clocks of one host. `wallMs`: what its wall clock shows now. `upMs`: how long it has been running. */
export function createHostClock(
  clock: Clock,
  start: { readonly wallMs: number; readonly upMs?: number },
): HostClock {
  const bornMs = clock.nowMs() - (start.upMs ?? 0);
  const wallAtBirthMs = start.wallMs - (start.upMs ?? 0);
  const suspendListeners: (() => void)[] = [];
  let wallStepMs = 0;
  let sleptMs = 0;
  let wakesAtMs = Number.NEGATIVE_INFINITY;

  const suspended = (): boolean => clock.nowMs() < wakesAtMs;
  const bootMs = (): number => clock.nowMs() - bornMs;
  const monotonicMs = (): number => Math.max(clock.nowMs(), wakesAtMs) - sleptMs - bornMs;
  /** Time of the world at which the monotonic clock shows `dueMs`, if nothing more happens. */
  const worldMs = (dueMs: number): number =>
    Math.max(clock.nowMs(), wakesAtMs) + Math.max(0, dueMs - monotonicMs());

  const timer = (fire: () => void): Timer => {
    let dueMs = Number.POSITIVE_INFINITY;
    // One event waits in the queue and is not moved when the timer is set later or cancelled: WireGuard moves its
    // timers with every packet.
    let queuedAtMs = Number.POSITIVE_INFINITY;
    const enqueue = (): void => {
      const atMs = worldMs(dueMs);
      if (atMs >= queuedAtMs) return;
      queuedAtMs = atMs;
      clock.at(atMs, wake, atMs);
    };
    const wake = (atMs: number): void => {
      if (atMs !== queuedAtMs) return;
      queuedAtMs = Number.POSITIVE_INFINITY;
      if (dueMs === Number.POSITIVE_INFINITY) return;
      if (suspended() || monotonicMs() + roundingMs < dueMs) {
        enqueue();
        return;
      }
      dueMs = Number.POSITIVE_INFINITY;
      fire();
    };
    return {
      set(nextDueMs) {
        dueMs = nextDueMs;
        if (dueMs !== Number.POSITIVE_INFINITY) enqueue();
      },
      cancel() {
        dueMs = Number.POSITIVE_INFINITY;
      },
      pending: () => dueMs !== Number.POSITIVE_INFINITY,
    };
  };

  return {
    monotonicMs,
    bootMs,
    wallMs: () => wallAtBirthMs + bootMs() + wallStepMs,
    stepWall(byMs) {
      wallStepMs += byMs;
    },
    suspend(forMs) {
      if (suspended()) {
        sleptMs += Math.max(0, clock.nowMs() + forMs - wakesAtMs);
        wakesAtMs = Math.max(wakesAtMs, clock.nowMs() + forMs);
        return;
      }
      for (const listener of suspendListeners) listener();
      wakesAtMs = clock.nowMs() + forMs;
      sleptMs += forMs;
    },
    suspended,
    wakesAtMs: () => Math.max(clock.nowMs(), wakesAtMs),
    onSuspend: (listener) => {
      suspendListeners.push(listener);
    },
    timer,
  };
}
