import type { InnerPacket } from '../inner/packet.ts';

/** Stands for the ephemeral key of one initiation: nobody else can have the same object. */
export interface Ephemeral {
  /** For traces only. */
  readonly id: number;
}

/** Stands for the keys of one session; both ends hold the same object, and nobody else. */
export interface Session {
  /** For traces only. */
  readonly id: number;
}

/** First message of a handshake. */
export interface Initiation {
  readonly kind: 'initiation';
  /** Public key of the one it is meant for: anybody else drops it (mac1). */
  readonly responderKey: string;
  readonly initiatorKey: string;
  readonly ephemeral: Ephemeral;
  /** The TAI64N time, in whitened steps; must grow from one initiation to the next. */
  readonly timestamp: number;
}

/** Second message of a handshake. */
export interface Response {
  readonly kind: 'response';
  readonly ephemeral: Ephemeral;
  readonly session: Session;
  /** The preshared key the responder used, or null. */
  readonly presharedKey: string | null;
}

/** A packet of a session; `inner` is null for a keepalive. */
export interface Data {
  readonly kind: 'data';
  readonly session: Session;
  readonly counter: number;
  readonly inner: InnerPacket | null;
}

/** What WireGuard sends over UDP (cookie replies are not modelled). */
export type Message = Initiation | Response | Data;

/** UDP payload sizes; facts A.5. */
export const messageBytes = { initiation: 148, response: 92, keepalive: 32 } as const;

/** UDP payload of a data message: padded to 16, but not beyond the interface's MTU, plus header and tag. */
export function dataBytes(innerBytes: number, mtuBytes: number): number {
  return messageBytes.keepalive + Math.min(Math.ceil(innerBytes / 16) * 16, Math.max(mtuBytes, innerBytes));
}

/** Timestamps are rounded down to this many milliseconds (2^24 ns; facts C.2). */
export const timestampStepMs = 16.777216;
