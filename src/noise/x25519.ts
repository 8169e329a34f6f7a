import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { sizes } from './protocol.ts';

/** What stands before the 32 bytes of a private key in PKCS #8, and of a public key in SPKI (RFC 8410). */
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex');

/** The public key of a private one: 32 raw bytes each. The private one need not be clamped. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  const spki = createPublicKey(privateObject(privateKey)).export({ format: 'der', type: 'spki' });
  return Uint8Array.from(spki.subarray(-sizes.key));
}

/**
 * The X25519 secret of two raw keys, 32 bytes; who asked for it wipes it. Null if the public key is one of the few of
 * low order, with which everybody would have the same secret, nought: nobody can prove anything with such a key.
 */
export function sharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | null {
  const privateHandle = privateObject(privateKey);
  const publicHandle = createPublicKey({
    key: Buffer.concat([publicPrefix, publicKey]),
    format: 'der',
    type: 'spki',
  });
  try {
    return diffieHellman({ privateKey: privateHandle, publicKey: publicHandle });
  } catch {
    // Raw keys of 32 bytes can fail in no other way.
    return null;
  }
}

function privateObject(privateKey: Uint8Array): KeyObject {
  const der = Buffer.concat([privatePrefix, privateKey]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    // The library keeps a copy of its own, which it wipes when the handle is collected.
    der.fill(0);
  }
}
