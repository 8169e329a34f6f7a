/**
 * A moment as the core sees it. The core reads no clock: whoever calls it passes the moment in.
 *
 * `monotonicMs` drives every timer and every age; it never steps. `wallMs` (Unix milliseconds) is only for
 * comparing with the handshake times that WireGuard reports and for what is written to disk; it may step.
 */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}
