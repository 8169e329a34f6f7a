import type { KeyObject } from 'node:crypto';

/**
 * What an initiator has to keep until an answer comes. Full of secrets: never to be shown, logged or stored, and to be
 * forgotten as soon as nobody waits any more.
 */
export interface PendingHandshake {
  /** By which an answer says to which initiation it belongs. Not secret. */
  readonly index: number;
  /** Of the initiation. A cookie reply is bound to it. Not secret: it was sent. */
  readonly mac1: Uint8Array;
  /** Of both ends, public. */
  readonly ownPublicKey: Uint8Array;
  readonly peerPublicKey: Uint8Array;
  /** Null once it was forgotten. */
  privateKeys: { readonly own: KeyObject; readonly ephemeral: KeyObject } | null;
  /** A copy, so that the caller may wipe what it gave. Zeros: none. */
  readonly presharedKey: Uint8Array;
  /** The state of Noise after the initiation. */
  readonly chainingKey: Uint8Array;
  readonly transcript: Uint8Array;
}

/** Wipes the secrets and lets go of the private keys. Afterwards no answer is taken for one to it. May be called twice. */
export function forgetHandshake(pending: PendingHandshake): void {
  for (const secret of [pending.presharedKey, pending.chainingKey, pending.transcript]) secret.fill(0);
  pending.privateKeys = null;
}
