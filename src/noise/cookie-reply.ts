import { openExtended } from './aead.ts';
import { hash } from './blake2s.ts';
import type { PendingHandshake } from './pending-handshake.ts';
import { answerKind, cookieReplyFields as fields, labels, viewOf } from './protocol.ts';

/**
 * What a datagram is to an initiation that waits. `cookie`: a peer under load asks for the initiation once more, with
 * this cookie in it. Weak evidence: whoever saw the initiation and knows the peer's public key can make it.
 */
export type CookieReplyResult =
  | { readonly kind: 'cookie'; readonly cookie: Uint8Array }
  | { readonly kind: 'not-for-us' }
  | { readonly kind: 'malformed' };

/** Judges a datagram. Never throws, changes nothing. */
export function judgeCookieReply(pending: PendingHandshake, datagram: Uint8Array): CookieReplyResult {
  if (answerKind(datagram) !== 'cookie-reply') return { kind: 'malformed' };
  if (pending.privateKeys === null) return { kind: 'not-for-us' };
  if (viewOf(datagram).getUint32(fields.receiver, true) !== pending.index) return { kind: 'not-for-us' };
  const nonce = datagram.subarray(fields.nonce, fields.encryptedCookie);
  const sealed = datagram.subarray(fields.encryptedCookie);
  const cookie = openExtended(hash(labels.cookie, pending.peerPublicKey), nonce, sealed, pending.mac1);
  return cookie === null ? { kind: 'not-for-us' } : { kind: 'cookie', cookie };
}
