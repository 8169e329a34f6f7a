import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { openDatagramSocket } from '../host/datagram-socket.ts';
import { bareAddress } from './bare-address.ts';
import { echoRequest, parseEchoReply, tokenBytes } from './echo-packet.ts';
import { type EchoPath, type EchoRequest, type EchoTransport, failSoon } from './echo-transport.ts';
import { type SendFailure, sendFailureNamed, sendFailureOf } from './send-failure.ts';

/**
 * Echoes that may wait for an answer at once, per family. Those that were never cancelled count, so this also
 * bounds the memory of a caller that forgets to. Far above what a race of candidates needs, far below the
 * 65 536 sequence numbers.
 */
export const maxOutstandingEchoes = 16_384;

interface Outstanding {
  readonly request: EchoRequest;
  readonly token: Buffer;
  readonly source: string | null;
  readonly sentAtMs: number;
}

interface SharedSocket {
  readonly socket: Socket;
  readonly outstanding: Map<number, Outstanding>;
  retired: boolean;
}

/**
 * Sends echoes through ICMP ping sockets on the event loop: one socket a family, opened on first use.
 *
 * An answer is matched by sequence number, random bytes of payload and source address, never by the ICMP id,
 * which the kernel replaces. Errors that routers report are silence here, as the sockets do not show them.
 */
export function createEchoSockets(path: EchoPath): EchoTransport {
  const current = new Map<4 | 6, SharedSocket>();
  const all = new Set<SharedSocket>();
  let nextSequence = 0;

  const open = (family: 4 | 6): SharedSocket | SendFailure => {
    const existing = current.get(family);
    if (existing) return existing;
    const opened = openDatagramSocket({ ...path, family, kind: 'ping' });
    if (opened.kind === 'unavailable') return { kind: 'failed', detail: opened.detail };
    if (opened.kind === 'refused') return sendFailureNamed(opened.errno, opened.detail);
    const shared: SharedSocket = { socket: opened.socket, outstanding: new Map(), retired: false };
    opened.socket.on('message', (packet, sender) => {
      receive(shared, family, packet, sender.address);
      closeIfIdle(shared);
    });
    opened.socket.on('error', (error) => {
      const lost = [...shared.outstanding.values()];
      shared.outstanding.clear();
      retire(family, shared);
      for (const { request } of lost) request.onResult(sendFailureOf(error));
    });
    current.set(family, shared);
    all.add(shared);
    return shared;
  };

  /** Takes a socket out of use; it is closed once nobody waits for an answer on it. */
  const retire = (family: 4 | 6, shared: SharedSocket): void => {
    if (current.get(family) === shared) current.delete(family);
    shared.retired = true;
    closeIfIdle(shared);
  };

  const closeIfIdle = (shared: SharedSocket): void => {
    if (!shared.retired || shared.outstanding.size > 0 || !all.delete(shared)) return;
    shared.socket.close();
  };

  const freeSequence = (taken: ReadonlyMap<number, Outstanding>): number => {
    do nextSequence = (nextSequence + 1) % 65_536;
    while (taken.has(nextSequence));
    return nextSequence;
  };

  const transmit = (shared: SharedSocket, request: EchoRequest): (() => void) => {
    const { address, family, payloadBytes } = request;
    const sequence = freeSequence(shared.outstanding);
    const token = randomBytes(tokenBytes);
    const echo: Outstanding = { request, token, source: bareAddress(address), sentAtMs: performance.now() };
    const forget = (): boolean => {
      if (shared.outstanding.get(sequence) !== echo) return false;
      return shared.outstanding.delete(sequence);
    };
    shared.outstanding.set(sequence, echo);
    // A ping socket has no ports, but Node wants one.
    shared.socket.send(echoRequest(family, sequence, token, payloadBytes), 1, address, (error) => {
      if (!error) return;
      const waiting = forget();
      // A bound socket knows its device by number: one that came back under the same name needs a new socket.
      if (path.device !== undefined) retire(family, shared);
      if (waiting) request.onResult(sendFailureOf(error));
    });
    return () => {
      forget();
      closeIfIdle(shared);
    };
  };

  return {
    send(request) {
      const shared = open(request.family);
      if ('kind' in shared) return failSoon(request, shared);
      if (shared.outstanding.size >= maxOutstandingEchoes) {
        const detail = `${maxOutstandingEchoes} echoes wait for an answer already: cancel those given up`;
        return failSoon(request, { kind: 'failed', detail });
      }
      return transmit(shared, request);
    },
    close() {
      for (const shared of all) {
        shared.outstanding.clear();
        shared.retired = true;
        closeIfIdle(shared);
      }
      current.clear();
    },
  };
}

function receive(shared: SharedSocket, family: 4 | 6, packet: Buffer, sender: string): void {
  const nowMs = performance.now();
  const reply = parseEchoReply(family, packet);
  if (!reply) return;
  const echo = shared.outstanding.get(reply.sequence);
  if (!echo?.token.equals(reply.token) || echo.source !== bareAddress(sender)) return;
  shared.outstanding.delete(reply.sequence);
  echo.request.onResult({ kind: 'answered', rttMs: nowMs - echo.sentAtMs });
}
