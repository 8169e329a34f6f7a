import { createCipheriv, createDecipheriv } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { sizes } from './protocol.ts';

const options = { authTagLength: sizes.tag };
/** The handshake encrypts once with each key, so the counter is always nought. */
const nonce = new Uint8Array(12);

/** ChaCha20-Poly1305 with counter 0: the encrypted text and its tag. `about` is authenticated and not encrypted. */
export function seal(key: Uint8Array, text: Uint8Array, about: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, options);
  cipher.setAAD(about, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** Undoes `seal`; null if the key or any bit is wrong. */
export function open(key: Uint8Array, sealed: Uint8Array, about: Uint8Array): Uint8Array | null {
  const length = sealed.length - sizes.tag;
  if (length < 0) return null;
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, options);
  decipher.setAAD(about, { plaintextLength: length });
  decipher.setAuthTag(sealed.subarray(length));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, length)), decipher.final()]);
  } catch {
    // Node says by an exception that the tag is wrong.
    return null;
  }
}

/** Opens what XChaCha20-Poly1305 sealed, with a nonce of 24 bytes; null if the key or any bit is wrong. */
export function openExtended(
  key: Uint8Array,
  extendedNonce: Uint8Array,
  sealed: Uint8Array,
  about: Uint8Array,
): Uint8Array | null {
  try {
    return xchacha20poly1305(key, extendedNonce, about).decrypt(sealed);
  } catch {
    return null;
  }
}
