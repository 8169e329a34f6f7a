/**
 * Why an endpoint counts as working (strongest first): an echo through the tunnel was answered and the peer's
 * counters moved; the peer's counters grew because of a packet of ours; the interface completed a handshake.
 */
export type ProofKind = 'echo' | 'counters' | 'handshake';

/** A proof that one endpoint works, caused after that endpoint was set. */
export interface Proof {
  readonly kind: ProofKind;
  readonly endpoint: string;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Round trip through the tunnel, where an echo was answered. */
  readonly rttMs: number | null;
}
