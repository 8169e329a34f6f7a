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
  /** Copies, so that the caller may wipe what it gave. */
  readonly privateKey: Uint8Array;
  readonly presharedKey: Uint8Array;
  readonly ephemeralKey: Uint8Array;
  /** The state of Noise after the initiation. */
  readonly chainingKey: Uint8Array;
  readonly transcript: Uint8Array;
}

/** Wipes the secrets. Afterwards no answer is recognised as one to it. May be called twice. */
export function forgetHandshake(pending: PendingHandshake): void {
  const { privateKey, presharedKey, ephemeralKey, chainingKey, transcript } = pending;
  for (const secret of [privateKey, presharedKey, ephemeralKey, chainingKey, transcript]) secret.fill(0);
}

/** Whether `forgetHandshake` was called: its state is known to everybody then, so nothing that fits it proves anything. */
export function isForgotten(pending: PendingHandshake): boolean {
  return pending.chainingKey.every((byte) => byte === 0);
}
