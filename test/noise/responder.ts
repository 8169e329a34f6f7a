import { createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto';
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { blake2s } from '@noble/hashes/blake2.js';
import { hmac } from '@noble/hashes/hmac.js';

/**
 * The other end of the handshake after WireGuard's whitepaper, written for the tests and sharing no code with the
 * program: another HMAC, another ChaCha20-Poly1305, keys by JWK.
 */
export interface Responder {
  readonly publicKey: Uint8Array;
  /** What it answers to a datagram from there, or why it keeps silent. */
  receive(datagram: Uint8Array, source: string, nowMs: number): Answer;
  /** From now on it asks for a cookie first. */
  load(underLoad: boolean): void;
}

/** What a datagram leads to. */
export type Answer =
  | { readonly kind: 'response' | 'cookie-reply'; readonly datagram: Uint8Array }
  | { readonly kind: 'silence'; readonly why: 'size' | 'mac1' | 'who' | 'timestamp' | 'flood' };

/** A peer that the responder knows; null is no preshared key. */
export interface KnownPeer {
  readonly publicKey: Uint8Array;
  readonly presharedKey: Uint8Array | null;
}

const text = (value: string) => new TextEncoder().encode(value);
const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
const hash = (...parts: readonly Uint8Array[]) => blake2s(join(...parts));
const mac = (key: Uint8Array, message: Uint8Array) => blake2s(message, { key, dkLen: 16 });
const base64url = (raw: Uint8Array) => Buffer.from(raw).toString('base64url');
const jwk = (raw: Uint8Array) => ({ kty: 'OKP', crv: 'X25519', x: base64url(raw) });
// For a private JWK any x of the right length is taken, and the right one computed.
const secretJwk = (raw: Uint8Array) => ({ ...jwk(new Uint8Array(32).fill(9)), d: base64url(raw) });
const handle = (secret: Uint8Array) => createPrivateKey({ key: secretJwk(secret), format: 'jwk' });

/** The public key of a private one. */
export function publicOf(secret: Uint8Array): Uint8Array {
  const { x } = createPublicKey(handle(secret)).export({ format: 'jwk' });
  return Uint8Array.from(Buffer.from(x ?? '', 'base64url'));
}

function agree(secret: Uint8Array, other: Uint8Array): Uint8Array {
  const publicKey = createPublicKey({ key: jwk(other), format: 'jwk' });
  return diffieHellman({ privateKey: handle(secret), publicKey });
}

function derive(chain: Uint8Array, input: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] {
  const secret = hmac(blake2s, chain, input);
  const one = hmac(blake2s, secret, Uint8Array.of(1));
  const two = hmac(blake2s, secret, join(one, Uint8Array.of(2)));
  return [one, two, hmac(blake2s, secret, join(two, Uint8Array.of(3)))];
}

/** The Noise state after an initiation, and who sent it. */
interface Opened {
  readonly initiator: Uint8Array;
  readonly timestamp: string;
  readonly chain: Uint8Array;
  readonly transcript: Uint8Array;
  readonly ephemeral: Uint8Array;
}

function openInitiation(secret: Uint8Array, own: Uint8Array, datagram: Uint8Array): Opened | null {
  const nonce = new Uint8Array(12);
  try {
    const start = hash(text('Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s'));
    const ephemeral = datagram.slice(8, 40);
    let transcript = hash(start, text('WireGuard v1 zx2c4 Jason@zx2c4.com'));
    transcript = hash(hash(transcript, own), ephemeral);
    const [first] = derive(start, ephemeral);
    const [second, staticKey] = derive(first, agree(secret, ephemeral));
    const sealedStatic = datagram.slice(40, 88);
    const initiator = chacha20poly1305(staticKey, nonce, transcript).decrypt(sealedStatic);
    transcript = hash(transcript, sealedStatic);
    const [chain, timestampKey] = derive(second, agree(secret, initiator));
    const sealedTimestamp = datagram.slice(88, 116);
    const timestamp = chacha20poly1305(timestampKey, nonce, transcript).decrypt(sealedTimestamp);
    transcript = hash(transcript, sealedTimestamp);
    return { initiator, timestamp: Buffer.from(timestamp).toString('hex'), chain, transcript, ephemeral };
  } catch {
    return null;
  }
}

/** The second message for an opened initiation; `ephemeralKey` and `index` make it repeatable. */
function respond(
  opened: Opened,
  peer: KnownPeer,
  receiver: Uint8Array,
  ephemeralKey: Uint8Array,
  index: Uint8Array,
): Uint8Array {
  const ephemeral = publicOf(ephemeralKey);
  const [first] = derive(opened.chain, ephemeral);
  const [second] = derive(first, agree(ephemeralKey, opened.ephemeral));
  const [third] = derive(second, agree(ephemeralKey, opened.initiator));
  const [, mixed, key] = derive(third, peer.presharedKey ?? new Uint8Array(32));
  const transcript = hash(hash(opened.transcript, ephemeral), mixed);
  const nothing = chacha20poly1305(key, new Uint8Array(12), transcript).encrypt(new Uint8Array());
  const body = join(Uint8Array.of(2, 0, 0, 0), index, receiver, ephemeral, nothing);
  return join(body, mac(hash(text('mac1----'), opened.initiator), body), new Uint8Array(16));
}

/** A responder that knows these peers. It accepts at most one initiation a peer in 20 ms, each later than the last. */
export function createResponder(
  secret: Uint8Array,
  peers: readonly KnownPeer[],
  chance: (bytes: number) => Uint8Array = randomBytes,
): Responder {
  const publicKey = publicOf(secret);
  const cookieSecret = chance(32);
  const last = new Map<string, { timestamp: string; atMs: number }>();
  let underLoad = false;

  const silence = (why: Extract<Answer, { kind: 'silence' }>['why']): Answer => ({ kind: 'silence', why });
  return {
    publicKey,
    load(wanted) {
      underLoad = wanted;
    },
    receive(datagram, source, nowMs) {
      if (datagram.length !== 148 || datagram[0] !== 1) return silence('size');
      const mac1 = datagram.slice(116, 132);
      const expected = mac(hash(text('mac1----'), publicKey), datagram.slice(0, 116));
      if (Buffer.compare(mac1, expected) !== 0) return silence('mac1');
      const sender = datagram.slice(4, 8);
      const cookie = mac(cookieSecret, text(source));
      const mac2 = mac(cookie, datagram.slice(0, 132));
      if (underLoad && Buffer.compare(mac2, datagram.slice(132)) !== 0) {
        const nonce = Uint8Array.from(chance(24));
        const key = hash(text('cookie--'), publicKey);
        const sealed = xchacha20poly1305(key, nonce, mac1).encrypt(cookie);
        return { kind: 'cookie-reply', datagram: join(Uint8Array.of(3, 0, 0, 0), sender, nonce, sealed) };
      }
      const opened = openInitiation(secret, publicKey, datagram);
      const peer = peers.find((each) => opened && Buffer.compare(each.publicKey, opened.initiator) === 0);
      if (opened === null || peer === undefined) return silence('who');
      const id = Buffer.from(opened.initiator).toString('hex');
      const before = last.get(id);
      if (before && opened.timestamp <= before.timestamp) return silence('timestamp');
      if (before && nowMs - before.atMs < 20) return silence('flood');
      last.set(id, { timestamp: opened.timestamp, atMs: nowMs });
      const response = respond(opened, peer, sender, chance(32), chance(4));
      return { kind: 'response', datagram: response };
    },
  };
}
