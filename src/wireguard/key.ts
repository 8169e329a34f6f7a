/** A key as people and `wg` write it, checked; or why it is none. */
export type ParsedKey =
  | { readonly kind: 'ok'; readonly key: string }
  | { readonly kind: 'invalid'; readonly reason: string };

/** 32 bytes are 43 base64 digits and one '='. */
const keyLength = 44;

/**
 * The 43rd digit carries 6 bits of which only 4 belong to the key; `wg` demands that the other two are zero.
 * Without that rule one key would have four spellings, and comparing texts would miss a peer.
 */
const canonicalKey = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/**
 * Checks the text form of a WireGuard public key by the rules of `wg`.
 *
 * A key that passes has exactly one spelling, so keys may be compared as text. The reason of a failure never
 * repeats the text: somebody may have pasted a private key.
 */
export function parsePublicKey(text: string): ParsedKey {
  if (canonicalKey.test(text)) return { kind: 'ok', key: text };
  return { kind: 'invalid', reason: reasonOf(text) };
}

function reasonOf(text: string): string {
  if (text.trim() === '') return 'it is empty; expected 44 base64 characters';
  if (text.trim() !== text) return 'there is white space around it';
  if (text.length !== keyLength) return `it has ${text.length} characters; expected 44 base64 characters`;
  if (!text.endsWith('=')) return "it does not end in '='; a WireGuard key is 44 base64 characters";
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return 'it has characters that are not base64';
  return 'its last digit cannot end a 32-byte key; probably a character was lost or mistyped';
}
