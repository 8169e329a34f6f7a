import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { blake2s } from '@noble/hashes/blake2.js';
import { sizes } from './protocol.ts';

/** BLAKE2s-256 of the parts one after the other; texts as UTF-8. 32 bytes. */
export function hash(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const digest = createHash('blake2s256');
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/**
 * The first `count` outputs of HKDF with HMAC-BLAKE2s (whitepaper: KDF1, KDF2, KDF3), 32 bytes each. They are secret;
 * who asked for them wipes them.
 */
export function deriveKeys(
  chainingKey: Uint8Array,
  input: Uint8Array,
  count: 3,
): [Uint8Array, Uint8Array, Uint8Array];
export function deriveKeys(chainingKey: Uint8Array, input: Uint8Array, count: 2): [Uint8Array, Uint8Array];
export function deriveKeys(chainingKey: Uint8Array, input: Uint8Array, count: 1): [Uint8Array];
export function deriveKeys(chainingKey: Uint8Array, input: Uint8Array, count: number): Uint8Array[] {
  const secret = hmac(chainingKey, input);
  const keys: Uint8Array[] = [];
  for (let previous: Uint8Array = new Uint8Array(); keys.length < count; keys.push(previous)) {
    previous = hmac(secret, previous, Uint8Array.of(keys.length + 1));
  }
  secret.fill(0);
  return keys;
}

/** BLAKE2s with a key and 16 bytes of output, as mac1 and mac2 are made: Node's own cannot do it. */
export function mac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return blake2s(message, { key, dkLen: sizes.mac });
}

/** Compares two values of the same length in a time that does not depend on them. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHmac('blake2s256', key);
  for (const part of parts) digest.update(part);
  return digest.digest();
}
