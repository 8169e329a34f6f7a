import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../../wireguard/endpoint.ts';
import type { HandshakeKeys } from './keys.ts';
import { type ProbeClock, systemClock } from './probe-clock.ts';
import { createProbeRun, type ProbeRun } from './run.ts';
import { createSchedule, type Moment } from './schedule.ts';
import type { ProbePath } from './socket.ts';
import type { HandshakeVerdict } from './verdict.ts';

/** What probes of one key towards one peer have in common. */
export interface HandshakeProberOptions extends ProbePath {
  /** 32 raw bytes. */
  readonly peerPublicKey: Uint8Array;
  /** Asked once a probe, when it starts; the prober wipes what it is given. */
  readonly keys: () => Promise<HandshakeKeys>;
  /** Unix time of the last timestamp that this key ever used towards this peer, as an earlier prober gave it. Default 0. */
  readonly lastTimestampMs?: number;
  /** Unix time of the last handshake that the interface had with this key; 0 is none, or another key. Default 0. */
  readonly handshakeSeenMs?: () => number;
  readonly clock?: ProbeClock;
  /** Bytes nobody can foresee, wiped after use. Default: the system's. */
  readonly random?: (bytes: number) => Uint8Array;
}

/** What may be chosen for one probe. */
export interface HandshakeProbeOptions {
  /** How long an answer to each initiation is waited for: 1 to 60000 ms, nearest taken. */
  readonly timeoutMs: number;
  /** Ends the probe with `cancelled`. */
  readonly signal?: AbortSignal;
}

/** Sends handshake probes of one key to one peer. All probes with that key and peer must go through one prober. */
export interface HandshakeProber {
  /**
   * Whether the peer is at that endpoint. Several may run at once. Never rejects. It takes its turn (50 ms for each
   * probe before it) and the time given; the same once more if the peer asks for a cookie, and up to twice if another
   * probe, which was answered, may have made the peer overlook this one: silence is told only when that is excluded.
   *
   * With the interface's own key the peer sends everything to the probe's port afterwards, until it hears from the
   * interface: whoever asks must know the tunnel dead, and have the interface send a packet `settleMs` later.
   */
  probe(endpoint: Endpoint, options: HandshakeProbeOptions): Promise<HandshakeVerdict>;
  /** How long until the interface may send an initiation that the peer will not drop because of ours; 0 is now. */
  settleMs(): number;
  /** Unix time of the last timestamp used; 0 if none. To be kept for the next prober of the same key. */
  lastTimestampMs(): number;
  /** Ends all probes with `cancelled`, wipes all secrets and lets the event loop end. */
  close(): void;
}

/** Makes a prober. Nothing is opened and no key is read before the first probe. */
export function createHandshakeProber(options: HandshakeProberOptions): HandshakeProber {
  const {
    clock = systemClock,
    random = randomBytes,
    handshakeSeenMs = () => 0,
    keys,
    peerPublicKey,
  } = options;
  const path: ProbePath = {
    ...(options.mark === undefined ? {} : { mark: options.mark }),
    ...(options.device === undefined ? {} : { device: options.device }),
  };
  const schedule = createSchedule(options.lastTimestampMs);
  const runs = new Map<number, ProbeRun>();
  let lastId = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const moment = (): Moment => ({
    monotonicMs: clock.monotonicMs(),
    wallMs: clock.wallMs(),
    seenMs: handshakeSeenMs(),
  });

  /** Sends whatever may leave now, and looks again when more may. */
  const pump = (): void => {
    clearTimeout(timer);
    while (!closed) {
      const now = moment();
      const next = schedule.next(now);
      if (next.kind === 'idle') return;
      if (next.kind === 'wait') {
        timer = setTimeout(pump, Math.ceil(next.ms));
        return;
      }
      const run = runs.get(next.id);
      if (next.kind === 'clock-behind') run?.end({ kind: 'clock-behind', behindMs: next.behindMs });
      else if (!run?.transmit(now.wallMs)) schedule.settle(next.id);
    }
  };

  return {
    async probe(endpoint, { timeoutMs, signal }) {
      if (closed || signal?.aborted) return { kind: 'cancelled' };
      lastId += 1;
      const id = lastId;
      const run = createProbeRun({
        endpoint,
        path,
        peerPublicKey,
        timeoutMs: Math.min(Math.max(timeoutMs, 1), 60_000),
        clock,
        random,
        keys,
        ask(alone) {
          schedule.ask(id, alone);
          pump();
        },
        sent: (wallMs) => schedule.sent(id, { ...moment(), wallMs }),
        answered: () => schedule.answered(id, clock.monotonicMs()),
        mayBeDropped: () => schedule.mayBeDropped(id),
      });
      runs.set(id, run);
      const cancel = (): void => run.end({ kind: 'cancelled' });
      signal?.addEventListener('abort', cancel, { once: true });
      const verdict = await run.verdict;
      signal?.removeEventListener('abort', cancel);
      runs.delete(id);
      schedule.settle(id);
      pump();
      return verdict;
    },
    settleMs: () => Math.max(0, schedule.settledAtMs() - clock.monotonicMs()),
    lastTimestampMs: () => schedule.lastWallMs(),
    close() {
      closed = true;
      clearTimeout(timer);
      for (const run of runs.values()) run.end({ kind: 'cancelled' });
    },
  };
}
