import type { KeyObject } from 'node:crypto';
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';
import type { KeyPair } from '../../../lab/keys.ts';
import { generateKeyPair } from '../../../lab/keys.ts';
import { blake2s } from './blake2s.ts';

/**
 * The far end of WireGuard's handshake, Noise IKpsk2 without a preshared key, as the whitepaper has it. For measuring
 * only: it has one ephemeral key for all handshakes, checks neither mac1 nor timestamps, and so is no security at all.
 */
export interface Responder {
  /** Answers an initiation (148 bytes) with a response (92 bytes) and the session's keys; null if it is not for us. */
  answer(initiation: Buffer, ownIndex: number): Answer | null;
}

/** What an initiation was answered with. */
export interface Answer {
  readonly response: Buffer;
  readonly peerIndex: number;
  readonly receiveKey: Buffer;
  readonly sendKey: Buffer;
}

/** Length of the message that begins a handshake. */
export const initiationBytes = 148;
/** Length of an authentication tag of ChaCha20-Poly1305. */
export const tagBytes = 16;

const responseBytes = 92;
const macBytes = 16;
const construction = hash(Buffer.from('Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s'));
const identified = hash(construction, Buffer.from('WireGuard v1 zx2c4 Jason@zx2c4.com'));
const mac1Label = Buffer.from('mac1----');
const noPresharedKey = Buffer.alloc(32);
const nothing = Buffer.alloc(0);
/** What stands before the 32 bytes of an X25519 key in PKCS #8 and in SPKI (RFC 8410). */
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex');
const ephemeral = generateKeyPair();
const ephemeralPrivate = privateKey(ephemeral);
const ephemeralPublic = Buffer.from(ephemeral.publicKey, 'base64');

/** A far end with these keys, for the one client that has that public key. */
export function createResponder(keys: KeyPair, clientKey: string): Responder {
  const own = privateKey(keys);
  const client = Buffer.from(clientKey, 'base64');
  const clientPublic = publicKey(client);
  // Both ends of these are always the same, so that a handshake costs two multiplications instead of four.
  const staticShared = diffieHellman({ privateKey: own, publicKey: clientPublic });
  const ephemeralShared = diffieHellman({ privateKey: ephemeralPrivate, publicKey: clientPublic });
  const begun = hash(identified, Buffer.from(keys.publicKey, 'base64'));
  const mac1Key = hash(mac1Label, client);

  return {
    answer(initiation, ownIndex) {
      if (initiation.length !== initiationBytes || initiation.readUInt32LE(0) !== 1) return null;
      const theirs = initiation.subarray(8, 40);
      const theirPublic = publicKey(theirs);
      let state = hash(begun, theirs);
      const [chain1, key1] = derive2(
        derive1(construction, theirs),
        diffieHellman({ privateKey: own, publicKey: theirPublic }),
      );
      const sealedStatic = initiation.subarray(40, 88);
      const initiator = open(key1, 0n, sealedStatic, state);
      if (initiator === null || !initiator.equals(client)) return null;
      state = hash(state, sealedStatic);
      const [chain2, key2] = derive2(chain1, staticShared);
      const sealedTime = initiation.subarray(88, 116);
      if (open(key2, 0n, sealedTime, state) === null) return null;
      state = hash(state, sealedTime);

      state = hash(state, ephemeralPublic);
      const mixed = derive1(
        derive1(
          derive1(chain2, ephemeralPublic),
          diffieHellman({ privateKey: ephemeralPrivate, publicKey: theirPublic }),
        ),
        ephemeralShared,
      );
      const [chain3, preshared, key3] = derive3(mixed, noPresharedKey);
      state = hash(state, preshared);
      const response = Buffer.alloc(responseBytes);
      response.writeUInt32LE(2, 0);
      response.writeUInt32LE(ownIndex, 4);
      initiation.copy(response, 8, 4, 8);
      ephemeralPublic.copy(response, 12);
      seal(key3, 0n, nothing, state).copy(response, 44);
      blake2s(response.subarray(0, 60), mac1Key, macBytes).copy(response, 60);
      const [receiveKey, sendKey] = derive2(chain3, nothing);
      return { response, peerIndex: initiation.readUInt32LE(4), receiveKey, sendKey };
    },
  };
}

/** Encrypts with ChaCha20-Poly1305; the tag is at the end. */
export function seal(key: Buffer, counter: bigint, plain: Buffer, authenticated: Buffer): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce(counter), { authTagLength: tagBytes });
  cipher.setAAD(authenticated, { plaintextLength: plain.length });
  const sealed = cipher.update(plain);
  cipher.final();
  return Buffer.concat([sealed, cipher.getAuthTag()]);
}

/** Undoes `seal`; null where it was sealed with another key or changed. */
export function open(key: Buffer, counter: bigint, sealed: Buffer, authenticated: Buffer): Buffer | null {
  const length = sealed.length - tagBytes;
  if (length < 0) return null;
  const cipher = createDecipheriv('chacha20-poly1305', key, nonce(counter), { authTagLength: tagBytes });
  cipher.setAAD(authenticated, { plaintextLength: length });
  cipher.setAuthTag(sealed.subarray(length));
  const plain = cipher.update(sealed.subarray(0, length));
  try {
    cipher.final();
    return plain;
  } catch {
    return null;
  }
}

function nonce(counter: bigint): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64LE(counter, 4);
  return bytes;
}

function hash(...parts: readonly Buffer[]): Buffer {
  const hasher = createHash('blake2s256');
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const hasher = createHmac('blake2s256', key);
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

function derive3(key: Buffer, input: Buffer): readonly [Buffer, Buffer, Buffer] {
  const secret = hmac(key, input);
  const first = hmac(secret, Buffer.of(1));
  const second = hmac(secret, first, Buffer.of(2));
  return [first, second, hmac(secret, second, Buffer.of(3))];
}

function derive2(key: Buffer, input: Buffer): readonly [Buffer, Buffer] {
  const secret = hmac(key, input);
  const first = hmac(secret, Buffer.of(1));
  return [first, hmac(secret, first, Buffer.of(2))];
}

function derive1(key: Buffer, input: Buffer): Buffer {
  return hmac(hmac(key, input), Buffer.of(1));
}

function privateKey(keys: KeyPair): KeyObject {
  const der = Buffer.concat([privatePrefix, Buffer.from(keys.privateKey, 'base64')]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function publicKey(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' });
}
