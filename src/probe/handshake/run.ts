import { createInitiation } from '../../noise/initiation.ts';
import { forgetHandshake } from '../../noise/pending-handshake.ts';
import { sizes } from '../../noise/protocol.ts';
import { timestampAt } from '../../noise/tai64n.ts';
import type { Endpoint } from '../../wireguard/endpoint.ts';
import type { SendFailure } from '../send-failure.ts';
import { createAnswerReader, type WaitingInitiation } from './answer.ts';
import { createFlow, type Order } from './flow.ts';
import { type HandshakeKeys, wipeKeys } from './keys.ts';
import type { ProbeClock } from './probe-clock.ts';
import { openProbeSocket, type ProbePath, type ProbeSocket } from './socket.ts';
import type { HandshakeVerdict } from './verdict.ts';

/** What one probe needs; the last four are the schedule's part, for this probe. */
export interface ProbeRunOptions {
  readonly endpoint: Endpoint;
  readonly path: ProbePath;
  readonly peerPublicKey: Uint8Array;
  readonly timeoutMs: number;
  readonly clock: ProbeClock;
  readonly random: (bytes: number) => Uint8Array;
  readonly keys: () => Promise<HandshakeKeys>;
  /** `transmit` is wanted when its turn has come. */
  ask(alone: boolean): void;
  sent(wallMs: number): void;
  answered(): void;
  mayBeDropped(): boolean;
}

/** One probe under way. */
export interface ProbeRun {
  /** Never rejects. When it resolves, the socket is closed and every secret wiped. */
  readonly verdict: Promise<HandshakeVerdict>;
  /** Sends an initiation with the timestamp of this wall time. False: nothing was sent, and the probe is at its end. */
  transmit(wallMs: number): boolean;
  /** Ends it; nothing happens if it has ended. */
  end(verdict: HandshakeVerdict): void;
}

/** Starts a probe: reads the keys, opens the socket, asks for its turn. */
export function createProbeRun(options: ProbeRunOptions): ProbeRun {
  const { endpoint, clock, random, peerPublicKey, timeoutMs } = options;
  const waiting: WaitingInitiation[] = [];
  const reader = createAnswerReader(waiting);
  const flow = createFlow();
  const { promise, resolve } = createDeferred<HandshakeVerdict>();
  let keys: HandshakeKeys = { kind: 'unreadable', detail: 'not read yet' };
  let socket: ProbeSocket | undefined;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: NodeJS.Immediate | undefined;

  const stopWaiting = (): void => {
    clearTimeout(timer);
    clearImmediate(looking);
  };

  const end = (verdict: HandshakeVerdict): void => {
    if (ended) return;
    ended = true;
    stopWaiting();
    socket?.close();
    for (const { pending } of waiting.splice(0)) forgetHandshake(pending);
    wipeKeys(keys);
    resolve(verdict);
  };

  const follow = (order: Order): void => {
    if (order.kind === 'end') return end(order.verdict);
    if (order.kind === 'wait') return;
    stopWaiting();
    options.ask(order.alone);
  };

  const receive = (datagram: Uint8Array): void => {
    const heard = reader.read(datagram, clock.monotonicMs());
    if (heard === null) return;
    if (heard.kind !== 'cookie') options.answered();
    follow(flow.heard(heard, clock.monotonicMs()));
  };

  const awaitAnswer = (): void => {
    stopWaiting();
    timer = setTimeout(() => {
      // The loop may have stalled: an answer that is in the socket's queue by now came in time, and is read first.
      looking = setImmediate(() => follow(flow.expired(options.mayBeDropped())));
    }, timeoutMs);
  };

  const transmit = (wallMs: number): boolean => {
    if (ended || keys.kind !== 'ok') return false;
    const ephemeralKey = random(sizes.key);
    const created = createInitiation({
      privateKey: keys.privateKey,
      presharedKey: keys.presharedKey,
      peerPublicKey,
      ephemeralKey,
      index: new DataView(Uint8Array.from(random(4)).buffer).getUint32(0),
      timestamp: timestampAt(wallMs),
      cookie: flow.cookie(clock.monotonicMs()),
    });
    ephemeralKey.fill(0);
    if (created.kind === 'unusable-peer-key') {
      end({ kind: 'failed', detail: 'the peer’s public key is no key that anybody can have' });
      return false;
    }
    waiting.push({ pending: created.pending, sentAtMs: clock.monotonicMs() });
    socket?.send(created.message);
    options.sent(wallMs);
    awaitAnswer();
    return true;
  };

  const start = async (): Promise<void> => {
    const read = await readKeys(options.keys);
    keys = read;
    if (ended) return wipeKeys(read);
    if (read.kind !== 'ok') return end({ kind: 'failed', detail: read.detail });
    const lengths = [read.privateKey, read.presharedKey, peerPublicKey].map(
      (key) => key?.length ?? sizes.key,
    );
    if (lengths.some((length) => length !== sizes.key)) {
      return end({ kind: 'failed', detail: 'one of the keys is not 32 bytes long' });
    }
    const opened = await openProbeSocket(endpoint, options.path, {
      datagram: receive,
      refused: (how) => end({ kind: 'refused', how }),
      failed: (failure) => end(verdictOf(failure)),
    });
    if (opened.kind !== 'open') return end(verdictOf(opened));
    socket = opened.socket;
    if (ended) return socket.close();
    options.ask(false);
  };

  void start();
  return { verdict: promise, transmit, end };
}

async function readKeys(keys: () => Promise<HandshakeKeys>): Promise<HandshakeKeys> {
  try {
    return await keys();
  } catch {
    // The reason stays untold: it could have a key in it.
    return { kind: 'unreadable', detail: 'the private key of the interface could not be read' };
  }
}

function verdictOf(failure: SendFailure): HandshakeVerdict {
  return { kind: failure.kind === 'unroutable' ? 'no-route' : 'failed', detail: failure.detail };
}

function createDeferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: (value) => resolve(value) };
}
