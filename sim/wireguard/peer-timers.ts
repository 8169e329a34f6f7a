import type { Timer } from '../host-clock.ts';
import { protocol } from './protocol.ts';
import { wheelExpiryMs } from './timer-wheel.ts';

/** What a timer does when it fires. */
export interface TimerHandlers {
  readonly retransmitHandshake: () => void;
  readonly sendKeepalive: () => void;
  readonly newHandshake: () => void;
  readonly zeroKeys: () => void;
  readonly persistentKeepalive: () => void;
}

/** The five timers of a peer and what moves them: kernel timers.c, function by function; wireguard-go is the same. */
export interface PeerTimers {
  dataSent(): void;
  dataReceived(): void;
  anySent(): void;
  anyReceived(): void;
  /** Before anything authenticated is sent and after it was received. */
  traversal(persistentKeepaliveS: number): void;
  handshakeInitiated(): void;
  handshakeComplete(): void;
  sessionDerived(): void;
  /** It gave up: keys that are left are wiped in due time. */
  gaveUp(): void;
  stop(): void;
}

/** What the timers need of their device. */
export interface TimerContext {
  readonly monotonicMs: () => number;
  readonly timer: (fire: () => void) => Timer;
  /** Where this host's timer wheel stands at zero, or null for timers that fire when they are due. */
  readonly wheelPhaseMs: number | null;
  /** A random delay, drawn anew for each retry. */
  readonly jitterMs: () => number;
}

/** Makes the timers of one peer, none of them pending. */
export function createPeerTimers(context: TimerContext, handlers: TimerHandlers): PeerTimers {
  let needAnotherKeepalive = false;

  const retransmit = context.timer(handlers.retransmitHandshake);
  const keepalive = context.timer(() => {
    handlers.sendKeepalive();
    if (!needAnotherKeepalive) return;
    needAnotherKeepalive = false;
    set(keepalive, protocol.keepaliveTimeoutMs);
  });
  const newHandshake = context.timer(handlers.newHandshake);
  const zeroKeys = context.timer(handlers.zeroKeys);
  const persistent = context.timer(handlers.persistentKeepalive);

  const set = (timer: Timer, afterMs: number): void => {
    const nowMs = context.monotonicMs();
    const dueMs = nowMs + afterMs;
    timer.set(context.wheelPhaseMs === null ? dueMs : wheelExpiryMs(nowMs, dueMs, context.wheelPhaseMs));
  };

  return {
    dataSent() {
      if (newHandshake.pending()) return;
      set(newHandshake, protocol.keepaliveTimeoutMs + protocol.rekeyTimeoutMs + context.jitterMs());
    },
    dataReceived() {
      if (keepalive.pending()) needAnotherKeepalive = true;
      else set(keepalive, protocol.keepaliveTimeoutMs);
    },
    anySent: keepalive.cancel,
    anyReceived: newHandshake.cancel,
    traversal(persistentKeepaliveS) {
      if (persistentKeepaliveS > 0) set(persistent, persistentKeepaliveS * 1000);
    },
    handshakeInitiated: () => set(retransmit, protocol.rekeyTimeoutMs + context.jitterMs()),
    handshakeComplete: retransmit.cancel,
    sessionDerived: () => set(zeroKeys, protocol.zeroKeysMs),
    gaveUp() {
      keepalive.cancel();
      if (!zeroKeys.pending()) set(zeroKeys, protocol.zeroKeysMs);
    },
    stop() {
      for (const timer of [retransmit, keepalive, newHandshake, zeroKeys, persistent]) timer.cancel();
      needAnotherKeepalive = false;
    },
  };
}
