/** Numbers of the WireGuard protocol (kernel `messages.h`, wireguard-go `device/constants.go`). Not ours to change. */
export const wireguard = {
  /** A session older than this is rejected by both ends: no data flows, the next packet starts a handshake. */
  rejectAfterMs: 180_000,
  /** Initiations are at least this far apart … */
  rekeyTimeoutMs: 5_000,
  /** … plus a random time of up to this much (HZ/3; 334 ms in wireguard-go). */
  rekeyJitterMs: 334,
  /** Who received a data packet and has nothing to send answers with an empty packet after this time. */
  passiveKeepaliveMs: 10_000,
  /** UDP payload of a handshake initiation, as counted in `tx_bytes` and `rx_bytes`. */
  initiationBytes: 148,
  /** UDP payload of a packet without content. */
  keepaliveBytes: 32,
} as const;

/** Our own numbers. Each says why it has that value and what happens when it expires. */
export const ours = {
  /**
   * First guess of the echo time-out, before a round trip was seen (RFC 6298 section 2.1: 1 s).
   * When it expires, the echo counts as lost.
   */
  initialRtoMs: 1_000,
  /**
   * Floor of the learned time-out. RFC 6298 says 1 s for TCP; an echo needs no room for delayed
   * acknowledgements, only for scheduling noise.
   */
  minRtoMs: 200,
  /**
   * Least distance of the time-out from the smoothed round trip (RFC 6298's G): on a path whose round trip never
   * varies an answer would come at the very moment at which it counts as lost. Scheduling noise of a busy host.
   */
  rtoGranularityMs: 50,
  /** Ceiling of the learned time-out. Peaks of 5 s are seen on busy mobile links; above that nobody can work. */
  maxRtoMs: 6_000,
  /**
   * Distance of the first echoes through a tunnel that has not yet shown life. Short enough to decide within
   * about two seconds, long enough that one burst of loss does not swallow all of them.
   */
  echoSpacingMs: 250,
  /** Ceiling of that distance on a slow path, so that a look ends in bearable time. */
  echoSpacingMaxMs: 1_000,
  /**
   * Distance of echoes after the first five. A packet has to be waiting when the session expires or the peer comes
   * back, or WireGuard would start no handshake; it must be longer than two readings of the counters.
   */
  lateEchoSpacingMs: 2_500,
  /** Echoes that must be lost in a row before silence means anything: 2 % loss each way loses five once in 10^7. */
  lossesToDoubt: 5,
  /**
   * The peer's passive keepalive was measured 10.00–10.26 s after our packet (kernel timer wheel); with a margin
   * for a busy peer. Together with the round trip it is when an answer to any inner packet is overdue.
   */
  passiveKeepaliveLatestMs: 10_600,
  /**
   * The earliest it counts as caused by our packet: 10 s less one reading interval, because the packet that started
   * the peer's timer may have left up to that long before the one we remember.
   */
  passiveKeepaliveEarliestMs: 9_650,
  /** The slow pass gives each candidate one initiation interval (5.33 s) and some slack, plus the round trip. */
  slowDwellMs: 6_000,
  /** Reading the counters while we wait for evidence: a `wg` process each time, so not more often than needed. */
  observeSpacingMs: 250,
  /** An answered echo waits this long for the counters: as long as `wg` may take before it is killed. */
  readingPatienceMs: 5_000,
  /** How often a pending judgement is looked at again when nothing happens: decides how late a time-out is seen. */
  judgeSpacingMs: 50,
  /** Setting the same endpoint again (clears a stale source address) comes after this much silence: one time-out. */
  reassertAfterMs: 1_000,
  /**
   * The least time a quick trial gives a candidate: two echoes 250 ms apart and a round trip each. Below that, one
   * lost packet would pass over a good address.
   */
  minQuickDwellMs: 600,
  /** A fail-back trial on a live tunnel is rolled back within this time, whatever was learned. */
  failbackDwellMaxMs: 2_000,
  /** A fail-back that did not work, or was not possible, is repeated after this time at the earliest … */
  failbackIntervalMs: 600_000,
  /** … doubled with each failure up to this. */
  failbackIntervalMaxMs: 6 * 3_600_000,
  /** An endpoint that no answer lists any more ranks below every listed one after this time. */
  unlistedGraceMs: 600_000,
  /**
   * ICMP echoes to a candidate are sent at these times after the first. Three within half a second make
   * 2 % random loss each way fail once in 16 000; the fourth is for a link that needed a second to wake up.
   */
  hintEchoAtMs: [0, 250, 500, 1_000],
  /** A candidate that answered none of them this long after the first is called silent. */
  hintSilentAfterMs: 2_500,
  /**
   * How long an answer of a less preferred family waits for the preferred one, counted from the first echo: until
   * the third echo (500 ms) had `max(this, 3 × the round trip of the answer at hand)` to come back. RFC 8305's
   * 250 ms between two attempts, given to the last of three, so that one or two lost packets do not change the
   * family, and a dead preferred family costs 0.75 s on a path of 20 ms.
   */
  familyGraceMs: 250,
  /**
   * How long a proven tunnel waits for names: most look-ups take less, and those without an answer take the system's
   * resolver 10 s. When it expires, the tunnel is left alone, and the offer of a preferred candidate is the next run's.
   */
  lookUpPatienceMs: 1_000,
  /** Time kept back from a one-shot's limit to put the old endpoint back and to say so. */
  restoreReserveMs: 1_500,
  /** Putting the old endpoint back is tried again this often, and so much later, if `wg` cannot even be started. */
  restoreRetries: 3,
  restoreRetryMs: 250,
  /** Time after which a check that hears the peer, but cannot prove that the peer hears us, ends undecided. */
  undecidedAfterMs: 23_000,
  /**
   * From this growth between two readings on, single handshake packets cannot be made out: it may hold a full-size
   * packet, which is not padded to 16 bytes. The smallest MTU that IPv6 allows inside is 1280.
   */
  quietBytes: 1_280,
  /** Candidates of one peer at the most; more are cut off with a warning. */
  maxCandidates: 64,
} as const;
