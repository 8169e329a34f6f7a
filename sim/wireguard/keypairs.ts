import type { Session } from './message.ts';

/** One end's keys of one session. */
export interface Keypair {
  readonly session: Session;
  /** Whether this end started the handshake. */
  readonly initiator: boolean;
  /** When it was made, on the clock by which this device measures ages. */
  readonly bornMs: number;
  /** Rejected for good once it was found too old. */
  sendingValid: boolean;
  receivingValid: boolean;
  sentCount: number;
}

/** The three slots of a peer: what it sends with, what it still decrypts, and what waits to be confirmed. */
export interface Keypairs {
  current: Keypair | null;
  previous: Keypair | null;
  next: Keypair | null;
  /** Told of every session whose keys are dropped. */
  readonly onDrop: (session: Session) => void;
}

/** Puts a new keypair in its slot (kernel noise.c `add_new_keypair`). */
export function addKeypair(keypairs: Keypairs, added: Keypair): void {
  drop(keypairs, keypairs.previous);
  if (!added.initiator) {
    // A responder may not use it before the other side has confirmed it.
    drop(keypairs, keypairs.next);
    keypairs.next = added;
    keypairs.previous = null;
    return;
  }
  if (keypairs.next) drop(keypairs, keypairs.current);
  keypairs.previous = keypairs.next ?? keypairs.current;
  keypairs.next = null;
  keypairs.current = added;
}

/**
 * Notes that a packet of that keypair arrived; true if that confirmed it, and it is now in use
 * (kernel noise.c `wg_noise_received_with_keypair`).
 */
export function confirmKeypair(keypairs: Keypairs, used: Keypair): boolean {
  if (keypairs.next !== used) return false;
  drop(keypairs, keypairs.previous);
  keypairs.previous = keypairs.current;
  keypairs.current = used;
  keypairs.next = null;
  return true;
}

/** Forgets all three. */
export function clearKeypairs(keypairs: Keypairs): void {
  drop(keypairs, keypairs.current);
  drop(keypairs, keypairs.previous);
  drop(keypairs, keypairs.next);
  keypairs.current = null;
  keypairs.previous = null;
  keypairs.next = null;
}

/** The keypair of that session, or null if this end does not have it (any more). */
export function findKeypair(keypairs: Keypairs, session: Session): Keypair | null {
  const { current, previous, next } = keypairs;
  if (current?.session === session) return current;
  if (next?.session === session) return next;
  return previous?.session === session ? previous : null;
}

function drop(keypairs: Keypairs, keypair: Keypair | null): void {
  if (keypair) keypairs.onDrop(keypair.session);
}
