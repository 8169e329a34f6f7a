/** The fixed texts of WireGuard's handshake (whitepaper, section 5.4), as they are hashed. */
export const labels = {
  construction: 'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s',
  identifier: 'WireGuard v1 zx2c4 Jason@zx2c4.com',
  mac1: 'mac1----',
  cookie: 'cookie--',
} as const;

/** First byte of a message; three zero bytes follow it. */
export const messageTypes = { initiation: 1, response: 2, cookieReply: 3 } as const;

/** Sizes in bytes. Each of the three messages has one size only, so another size is another message. */
export const sizes = {
  key: 32,
  mac: 16,
  /** What ChaCha20-Poly1305 adds to a text. */
  tag: 16,
  timestamp: 12,
  cookie: 16,
  cookieNonce: 24,
  initiation: 148,
  response: 92,
  cookieReply: 64,
} as const;

/** Where the fields of an initiation begin (whitepaper, section 5.4.2). The last two are those of any message. */
export const initiationFields = {
  sender: 4,
  ephemeral: 8,
  encryptedStatic: 40,
  encryptedTimestamp: 88,
  mac1: 116,
  mac2: 132,
} as const;

/** Where the fields of a response begin (section 5.4.3). */
export const responseFields = {
  sender: 4,
  receiver: 8,
  ephemeral: 12,
  encryptedNothing: 44,
  mac1: 60,
  mac2: 76,
} as const;

/** Where the fields of a cookie reply begin (section 5.4.7). */
export const cookieReplyFields = { receiver: 4, nonce: 8, encryptedCookie: 32 } as const;

/** The kind of a datagram by its first four bytes and its length; null if it is none that answers an initiation. */
export function answerKind(datagram: Uint8Array): 'response' | 'cookie-reply' | null {
  const type = datagram.length < 4 ? -1 : viewOf(datagram).getUint32(0, true);
  if (type === messageTypes.response && datagram.length === sizes.response) return 'response';
  if (type === messageTypes.cookieReply && datagram.length === sizes.cookieReply) return 'cookie-reply';
  return null;
}

/** The bytes as little-endian numbers: what is written through it is in the array. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
