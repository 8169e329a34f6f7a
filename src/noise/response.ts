import { open } from './aead.ts';
import { deriveKeys, hash, mac, sameBytes } from './blake2s.ts';
import type { PendingHandshake } from './pending-handshake.ts';
import { answerKind, responseFields as fields, labels, sizes, viewOf } from './protocol.ts';
import { sharedSecret } from './x25519.ts';

/**
 * What a datagram is to an initiation that waits.
 *
 * `authenticated`: made by the holder of the peer's private key, for this very initiation, with our preshared key.
 * `other-preshared-key`: all is right but the last step. With `theirs: 'none'` that is proven, too: it fits a peer that
 * has no preshared key for us. With `theirs: 'unknown'` it is no more than likely, since whoever saw the initiation and
 * knows *our* public key can make such an answer; it must not keep anybody from waiting for a better one.
 * `not-for-us`: for another initiation, or forged. `malformed`: no response at all.
 */
export type ResponseResult =
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'other-preshared-key'; readonly theirs: 'none' | 'unknown' }
  | { readonly kind: 'not-for-us' }
  | { readonly kind: 'malformed' };

/** Judges a datagram. Never throws, changes nothing: a datagram that is not accepted leaves no trace. */
export function judgeResponse(pending: PendingHandshake, datagram: Uint8Array): ResponseResult {
  if (answerKind(datagram) !== 'response') return { kind: 'malformed' };
  const { privateKeys } = pending;
  if (privateKeys === null) return { kind: 'not-for-us' };
  if (viewOf(datagram).getUint32(fields.receiver, true) !== pending.index) return { kind: 'not-for-us' };
  // Cheap, and keeps those who do not know our public key from making us compute.
  const expectedMac = mac(hash(labels.mac1, pending.ownPublicKey), datagram.subarray(0, fields.mac1));
  if (!sameBytes(expectedMac, datagram.subarray(fields.mac1, fields.mac2))) return { kind: 'not-for-us' };

  const ephemeral = datagram.subarray(fields.ephemeral, fields.encryptedNothing);
  const ephemeralSecret = sharedSecret(privateKeys.ephemeral, ephemeral);
  const staticSecret = sharedSecret(privateKeys.own, ephemeral);
  if (ephemeralSecret === null || staticSecret === null) return { kind: 'not-for-us' };
  const [first] = deriveKeys(pending.chainingKey, ephemeral, 1);
  const [second] = deriveKeys(first, ephemeralSecret, 1);
  const [chainingKey] = deriveKeys(second, staticSecret, 1);
  const transcript = hash(pending.transcript, ephemeral);
  const sealed = datagram.subarray(fields.encryptedNothing, fields.mac1);

  const none = new Uint8Array(sizes.key);
  const authenticated = opens(chainingKey, pending.presharedKey, transcript, sealed);
  const withoutPresharedKey = !authenticated && opens(chainingKey, none, transcript, sealed);
  for (const secret of [ephemeralSecret, staticSecret, first, second, chainingKey]) secret.fill(0);
  if (authenticated) return { kind: 'authenticated' };
  return { kind: 'other-preshared-key', theirs: withoutPresharedKey ? 'none' : 'unknown' };
}

/** The last step: whether the empty text at the end was sealed with this preshared key. */
function opens(
  chainingKey: Uint8Array,
  presharedKey: Uint8Array,
  transcript: Uint8Array,
  sealed: Uint8Array,
): boolean {
  const [unused, mixed, key] = deriveKeys(chainingKey, presharedKey, 3);
  const opened = open(key, sealed, hash(transcript, mixed));
  for (const secret of [unused, mixed, key]) secret.fill(0);
  return opened !== null;
}
