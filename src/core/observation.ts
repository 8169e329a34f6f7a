/** What the counters of that peer were when it was just removed and added again. */
export function newborn(observation: Observation): Observation {
  return { ...observation, rxBytes: 0, txBytes: 0, latestHandshakeS: 0 };
}

/** What `wg show` and the kernel said of one peer at one moment. */
export interface Observation {
  /** The endpoint now set, canonical text, or null for `(none)`. */
  readonly endpoint: string | null;
  /** Authenticated bytes received from the peer since it was configured. */
  readonly rxBytes: number;
  /** Bytes sent to the peer; they count whether or not anybody hears them. */
  readonly txBytes: number;
  /** Unix seconds of the last completed handshake, 0 for never. */
  readonly latestHandshakeS: number;
  /**
   * Packets of the whole interface that were authentic but had an inner source outside the allowed IPs, or null
   * where it cannot be read. The kernel counts such an answer here and nowhere else.
   */
  readonly rxFrameErrors: number | null;
  /**
   * Monotonic time at which the reading was asked for: a slow `wg` says later what was true then. Absent: just now.
   */
  readonly readAtMs?: number;
}
