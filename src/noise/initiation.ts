import { seal } from './aead.ts';
import { deriveKeys, hash, mac } from './blake2s.ts';
import type { PendingHandshake } from './pending-handshake.ts';
import { initiationFields as fields, labels, messageTypes, sizes, viewOf } from './protocol.ts';
import { privateHandle, publicKeyOf, sharedSecret } from './x25519.ts';

/** All that an initiation is made of. Keys are 32 raw bytes, or there is an exception; nothing of it is kept or changed. */
export interface InitiationInput {
  readonly privateKey: Uint8Array;
  readonly peerPublicKey: Uint8Array;
  /** Null is none; WireGuard takes 32 zeros for that. */
  readonly presharedKey: Uint8Array | null;
  /** 32 random bytes, never used twice. */
  readonly ephemeralKey: Uint8Array;
  /** A random number of 32 bits, different from those of other initiations that wait. */
  readonly index: number;
  /** From `timestampAt`: later than all that this key ever sent to that peer, or the peer keeps silent. */
  readonly timestamp: Uint8Array;
  /** From a cookie reply of at most 120 s ago that came to the same address and port of ours; null is none. */
  readonly cookie: Uint8Array | null;
}

/** 148 bytes to be sent and what to keep, or that no handshake is possible with this peer key (low order). */
export type Initiation =
  | { readonly kind: 'created'; readonly message: Uint8Array; readonly pending: PendingHandshake }
  | { readonly kind: 'unusable-peer-key' };

const initialChainingKey = hash(labels.construction);
const initialTranscript = hash(initialChainingKey, labels.identifier);

/** Makes the first message of a handshake. The same input gives the same bytes. */
export function createInitiation(input: InitiationInput): Initiation {
  const { peerPublicKey, index, timestamp } = input;
  const message = new Uint8Array(sizes.initiation);
  const view = viewOf(message);
  view.setUint32(0, messageTypes.initiation, true);
  view.setUint32(fields.sender, index, true);

  const privateKeys = { own: privateHandle(input.privateKey), ephemeral: privateHandle(input.ephemeralKey) };
  const ownPublicKey = publicKeyOf(privateKeys.own);
  const ephemeral = publicKeyOf(privateKeys.ephemeral);
  const ephemeralSecret = sharedSecret(privateKeys.ephemeral, peerPublicKey);
  const staticSecret = sharedSecret(privateKeys.own, peerPublicKey);
  if (ephemeralSecret === null || staticSecret === null) return { kind: 'unusable-peer-key' };

  message.set(ephemeral, fields.ephemeral);
  const [first] = deriveKeys(initialChainingKey, ephemeral, 1);
  const [second, staticKey] = deriveKeys(first, ephemeralSecret, 2);
  const [chainingKey, timestampKey] = deriveKeys(second, staticSecret, 2);

  const beforeStatic = hash(hash(initialTranscript, peerPublicKey), ephemeral);
  const encryptedStatic = seal(staticKey, ownPublicKey, beforeStatic);
  message.set(encryptedStatic, fields.encryptedStatic);
  const beforeTimestamp = hash(beforeStatic, encryptedStatic);
  const encryptedTimestamp = seal(timestampKey, timestamp, beforeTimestamp);
  message.set(encryptedTimestamp, fields.encryptedTimestamp);
  const transcript = hash(beforeTimestamp, encryptedTimestamp);
  for (const secret of [ephemeralSecret, staticSecret, first, second, staticKey, timestampKey])
    secret.fill(0);

  const mac1 = mac(hash(labels.mac1, peerPublicKey), message.subarray(0, fields.mac1));
  message.set(mac1, fields.mac1);
  if (input.cookie !== null) message.set(mac(input.cookie, message.subarray(0, fields.mac2)), fields.mac2);

  const pending: PendingHandshake = {
    index,
    mac1,
    ownPublicKey,
    peerPublicKey: Uint8Array.from(peerPublicKey),
    privateKeys,
    presharedKey: Uint8Array.from(input.presharedKey ?? new Uint8Array(sizes.key)),
    chainingKey,
    transcript,
  };
  return { kind: 'created', message, pending };
}
