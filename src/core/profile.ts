/** How eagerly a tunnel is tested: the price is packets, the gain is how soon a dead path is seen. */
export interface Profile {
  readonly name: 'fast' | 'balanced' | 'metered';
  /** An idle tunnel is tested this often. */
  readonly idleTestMs: number;
  /** A tunnel whose host is sending data is tested this often: beside the traffic the echo costs nothing. */
  readonly busyTestMs: number;
  /** Least distance of the echoes once one was lost. Five of them must outlast the longest gap to be tolerated. */
  readonly suspectSpacingMs: number;
  /** The counters of the whole interface are read this often, for roaming, vanished peers and handshakes. */
  readonly readMs: number;
  /** On a less preferred candidate, the preferred one is pinged this often outside the tunnel. */
  readonly watchMs: number;
}

/**
 * fast: gaps of 0.5 s are tolerated (five echoes span 0.8 s), a dead path is left after 1.5 s + 1 s at the most.
 * balanced: gaps of 2 s are tolerated (2.4 s), a dead idle path is left after 9.7 s + 2.6 s. The distance of its
 * echoes stays below 10 s, or WireGuard would send a keepalive of its own before each. metered: with keepalives
 * WireGuard renews its keys each 120 to 145 s, and a handshake seen by the next reading is proof for nothing; an echo
 * is sent only when none was.
 */
export const profiles: { readonly [Name in Profile['name']]: Profile } = {
  fast: {
    name: 'fast',
    idleTestMs: 1_500,
    busyTestMs: 1_000,
    suspectSpacingMs: 200,
    readMs: 2_000,
    watchMs: 20_000,
  },
  balanced: {
    name: 'balanced',
    idleTestMs: 9_700,
    busyTestMs: 1_500,
    suspectSpacingMs: 600,
    readMs: 5_000,
    watchMs: 60_000,
  },
  metered: {
    name: 'metered',
    idleTestMs: 180_000,
    busyTestMs: 10_000,
    suspectSpacingMs: 1_000,
    readMs: 30_000,
    watchMs: 600_000,
  },
};
