import { closeSync } from 'node:fs';
import { isIP } from 'node:net';
import { openSocket } from '../host/native.ts';
import { findProgram } from '../host/program-path.ts';
import { tokenBytes } from './echo-packet.ts';
import { createEchoPrograms } from './echo-program.ts';
import { createEchoSockets } from './echo-socket.ts';
import {
  type EchoPath,
  type EchoRequest,
  type EchoResult,
  type EchoTransport,
  failSoon,
} from './echo-transport.ts';

export type { EchoPath, EchoResult } from './echo-transport.ts';

/** How echoes are sent. `reason` says why it is not `socket`, in words for a person. */
export interface EchoMethod {
  readonly method: 'socket' | 'ping-program' | 'unavailable';
  readonly reason: string | null;
}

/** An echo that was sent. */
export interface EchoHandle {
  /** Gives up: the result is not called any more. Needed for silence too, or the echo keeps its place. */
  cancel(): void;
}

/** Sends ICMP echoes over one path (mark and device). */
export interface EchoSender extends EchoMethod {
  /**
   * Sends ONE echo to an IP literal (a link-local one with its device's name as zone). `onResult` is called at
   * most once and never before `send` has returned; never for silence: time-outs and retransmissions are the
   * caller's. A late answer is still delivered until it is cancelled (by the `ping` program: within 10 s).
   */
  send(address: string, onResult: (result: EchoResult) => void, options?: EchoOptions): EchoHandle;
  /** Forgets everything outstanding; afterwards nothing here keeps the event loop alive. */
  close(): void;
}

/** What may be chosen for one echo. */
export interface EchoOptions {
  /** Bytes after the ICMP header; 4 to 65507, nearest taken. The `ping` program sends 16 at least. Default 24. */
  readonly payloadBytes?: number;
}

const defaultPayloadBytes = 24;

/**
 * Makes a sender. Nothing is opened before its first use. At most 16 384 echoes a family may be outstanding with
 * sockets, 64 with the `ping` program; one more is answered with `failed`.
 */
export function createEchoSender(path: EchoPath = {}): EchoSender {
  let chosen: EchoMethod | undefined;
  let transport: EchoTransport | undefined;
  let closed = false;
  const choice = (): EchoMethod => {
    chosen ??= chooseMethod(path);
    return chosen;
  };
  const transmit = (request: EchoRequest): (() => void) => {
    if (closed) return failSoon(request, { kind: 'failed', detail: 'the echo sender is closed' });
    const { method, reason } = choice();
    if (method === 'unavailable') return failSoon(request, { kind: 'failed', detail: reason ?? method });
    transport ??= method === 'socket' ? createEchoSockets(path) : createEchoPrograms(path);
    return transport.send(request);
  };
  return {
    get method() {
      return choice().method;
    },
    get reason() {
      return choice().reason;
    },
    send(address, onResult, options = {}) {
      const payloadBytes = Math.min(
        Math.max(options.payloadBytes ?? defaultPayloadBytes, tokenBytes),
        65_507,
      );
      const family = isIP(address) === 4 ? 4 : 6;
      const request: EchoRequest = { address, family, payloadBytes, onResult };
      if (isIP(address) === 0) {
        return { cancel: failSoon(request, { kind: 'failed', detail: `"${address}" is not an IP address` }) };
      }
      return { cancel: transmit(request) };
    },
    close() {
      closed = true;
      transport?.close();
    },
  };
}

function chooseMethod({ mark }: EchoPath): EchoMethod {
  // Without the device: one that is missing just now says nothing about the method.
  const wish = { kind: 'ping', ...(mark === undefined ? {} : { mark }) } as const;
  let trial = openSocket({ ...wish, family: 4 });
  if (trial.kind === 'refused' && trial.errno === 'EAFNOSUPPORT') trial = openSocket({ ...wish, family: 6 });
  if (trial.kind === 'open') {
    closeSync(trial.fd);
    return { method: 'socket', reason: null };
  }
  const closedRange = trial.kind === 'refused' && trial.errno === 'EACCES';
  const reason = closedRange
    ? `the kernel setting net.ipv4.ping_group_range does not let this process open ping sockets (${trial.detail})`
    : trial.detail;
  if (findProgram('ping')) return { method: 'ping-program', reason };
  return {
    method: 'unavailable',
    reason: `no ICMP echo: ${reason}, and the program "ping" is missing: install the package iputils-ping`,
  };
}
