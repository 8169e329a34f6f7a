import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';

/** A WireGuard key pair in base64, as `wg genkey` and `wg pubkey` print it. Lives as long as the lab. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** What stands before the 32 bytes of an X25519 private key in PKCS #8 (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');

/**
 * A fresh key pair, made in this process: on an emulated machine each call of `wg` costs a tenth of a second.
 *
 * Not by `generateKeyPairSync`: Node 20 deadlocks for ever if its garbage collector runs while the JWK of such a key is
 * being exported (the job that made the key waits for the lock that the export holds; seen here).
 */
export function generateKeyPair(): KeyPair {
  const secret = randomBytes(32);
  // Curve25519's clamping, which WireGuard applies when the key is set; so `wg show` gives back the same text.
  secret.writeUInt8(secret.readUInt8(0) & 248, 0);
  secret.writeUInt8((secret.readUInt8(31) & 127) | 64, 31);
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, secret]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { privateKey: secret.toString('base64'), publicKey: spki.subarray(-32).toString('base64') };
}

/** A fresh preshared key in base64. */
export function generatePresharedKey(): string {
  return randomBytes(32).toString('base64');
}
