import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** A WireGuard key pair in base64, as `wg genkey` and `wg pubkey` print it. Lives as long as the lab. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/**
 * A fresh key pair, made in this process: on an emulated machine each call of `wg` costs a tenth of a
 * second.
 */
export function generateKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync('x25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const secret = Buffer.from(d, 'base64url');
  // Curve25519's clamping, which WireGuard applies when the key is set; so `wg show` gives back the same
  // text.
  secret.writeUInt8(secret.readUInt8(0) & 248, 0);
  secret.writeUInt8((secret.readUInt8(31) & 127) | 64, 31);
  return { privateKey: secret.toString('base64'), publicKey: Buffer.from(x, 'base64url').toString('base64') };
}

/** A fresh preshared key in base64. */
export function generatePresharedKey(): string {
  return randomBytes(32).toString('base64');
}
