import { createPrivateKey, createPublicKey, diffieHellman, KeyObject } from 'node:crypto';

/** What stands before the 32 bytes of a private key in PKCS #8 (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');

/**
 * A private key of 32 raw bytes in the library's hands; it need not be clamped. By DER and not by JWK, which would need
 * the key as a text, and texts cannot be wiped. It takes a third of a millisecond, so once a key.
 *
 * The library wipes its copy when the handle is collected as garbage; nothing can make it do so earlier.
 */
export function privateHandle(raw: Uint8Array): KeyObject {
  const der = Buffer.concat([pkcs8Prefix, raw]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** The public key of a private one, 32 raw bytes. */
export function publicKeyOf(privateKey: KeyObject | Uint8Array): Uint8Array {
  const { x } = createPublicKey(handleOf(privateKey)).export({ format: 'jwk' });
  return Uint8Array.from(Buffer.from(x ?? '', 'base64url'));
}

/**
 * The X25519 secret of two keys, 32 bytes; who asked for it wipes it. Null if the public key, 32 raw bytes, is one of the
 * few of low order, with which everybody would have the same secret, nought: nobody can prove anything with such a key.
 */
export function sharedSecret(privateKey: KeyObject | Uint8Array, publicKey: Uint8Array): Uint8Array | null {
  const jwk = { kty: 'OKP', crv: 'X25519', x: Buffer.from(publicKey).toString('base64url') };
  const other = createPublicKey({ key: jwk, format: 'jwk' });
  try {
    return diffieHellman({ privateKey: handleOf(privateKey), publicKey: other });
  } catch {
    // Keys of the right length can fail in no other way.
    return null;
  }
}

function handleOf(key: KeyObject | Uint8Array): KeyObject {
  return key instanceof KeyObject ? key : privateHandle(key);
}
