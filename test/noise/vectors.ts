import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { InitiationInput } from '../../src/noise/initiation.ts';

/** One handshake from make_vectors.py: what goes in, and the messages that come out, in hexadecimal. */
export interface HandshakeVector {
  readonly seed: string;
  readonly preshared: boolean;
  readonly publicKey: string;
  readonly peerPublicKey: string;
  readonly index: number;
  readonly wallMs: number;
  readonly timestamp: string;
  readonly cookie: string;
  readonly initiation: string;
  readonly initiationWithCookie: string;
  readonly response: string;
  readonly cookieReply: string;
}

/** All handshakes of the file. */
export const vectors: readonly HandshakeVector[] = JSON.parse(
  readFileSync(new URL('vectors.json', import.meta.url), 'utf8'),
);

/** The bytes of a text in hexadecimal. */
export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** The reverse. */
export function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}

/** A private key of that handshake: SHA-256 of seed and name, as the script makes them. */
export function secretOf(vector: HandshakeVector, name: string): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(`${vector.seed} ${name}`).digest());
}

/** What the initiator of that handshake has; without a cookie. */
export function inputOf(vector: HandshakeVector): InitiationInput {
  return {
    privateKey: secretOf(vector, 'initiator'),
    peerPublicKey: bytes(vector.peerPublicKey),
    presharedKey: vector.preshared ? secretOf(vector, 'psk') : null,
    ephemeralKey: secretOf(vector, 'ephemeral i'),
    index: vector.index,
    timestamp: bytes(vector.timestamp),
    cookie: null,
  };
}
