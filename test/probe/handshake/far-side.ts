import { createSocket, type Socket } from 'node:dgram';
import { type Answer, createResponder, type KnownPeer, type Responder } from '../../noise/responder.ts';

/** A peer on a UDP port of this host's loopback, that may answer in any way. */
export interface FarSide {
  readonly address: string;
  readonly port: number;
  readonly publicKey: Uint8Array;
  readonly responder: Responder;
  /** The initiations that arrived, when, and what the responder made of them. */
  readonly arrived: readonly Arrival[];
  /** What is sent for an arrival: datagrams after some milliseconds each. Default: the responder's answer at once. */
  answerWith(choose: (arrival: Arrival) => readonly Sent[]): void;
  /** Datagrams are looked at this much after they arrived: a longer path. */
  delay(ms: number): void;
  close(): Promise<void>;
}

/** One initiation. */
export interface Arrival {
  readonly datagram: Uint8Array;
  readonly atMs: number;
  readonly source: string;
  readonly answer: Answer;
}

/** A datagram to be sent, by another socket if it is to come from somewhere else. */
export interface Sent {
  readonly datagram: Uint8Array;
  readonly afterMs?: number;
  readonly from?: Socket;
}

/** The answer as it is; nothing for silence. */
export function asItIs({ answer }: Arrival): readonly Sent[] {
  return answer.kind === 'silence' ? [] : [{ datagram: answer.datagram }];
}

/** Listens. With a responder given, several addresses are one peer: one memory of timestamps, one flood limit. */
export async function createFarSide(
  secret: Uint8Array,
  peers: readonly KnownPeer[],
  { address = '127.0.0.1', responder = createResponder(secret, peers) } = {},
): Promise<FarSide> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const arrived: Arrival[] = [];
  let choose: (arrival: Arrival) => readonly Sent[] = asItIs;
  let delayMs = 0;
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, act: () => void): void => {
    if (ms === 0) return act();
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };
  socket.on('message', (buffer, sender) => {
    const datagram = Uint8Array.from(buffer);
    later(delayMs, () => {
      const atMs = performance.now();
      const source = `${sender.address} ${sender.port}`;
      const arrival = { datagram, atMs, source, answer: responder.receive(datagram, source, atMs) };
      arrived.push(arrival);
      for (const sent of choose(arrival)) {
        const send = () => (sent.from ?? socket).send(sent.datagram, sender.port, sender.address);
        later(sent.afterMs ?? 0, send);
      }
    });
  });
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return {
    address,
    port: socket.address().port,
    publicKey: responder.publicKey,
    responder,
    arrived,
    answerWith(wanted) {
      choose = wanted;
    },
    delay(ms) {
      delayMs = ms;
    },
    close() {
      for (const timer of timers) clearTimeout(timer);
      return new Promise((resolve) => socket.close(resolve));
    },
  };
}
