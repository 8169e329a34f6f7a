/**
 * What a peer's tunnel is like now. `suspect`: proof is overdue. `down`: the endpoint was given up; it stays so until
 * one is proven. `unknown`: not proven yet, or not since a pause. `paused`: the daemon keeps its hands off; `reason`
 * says until when.
 */
export const healths = ['up', 'suspect', 'down', 'unknown', 'paused'] as const;

/** One of `healths`. */
export type Health = (typeof healths)[number];

/** What proved an endpoint, strongest first. */
export const proofKinds = ['echo', 'counters', 'handshake'] as const;

/** What is known of a candidate. `in-tunnel`: its route leads into the tunnel itself, so it is never tried. */
export const verdicts = [
  'proven',
  'reachable',
  'silent',
  'refused',
  'no-route',
  'in-tunnel',
  'untested',
] as const;

/** One of `verdicts`. */
export type Verdict = (typeof verdicts)[number];

/**
 * The answer of `status --json`, schema 1; `docs/status.schema.json` is the published form of it.
 *
 * Every key is always there, `null` where nothing is known. Times are ISO 8601 in UTC with milliseconds.
 * Endpoints are written as `wg` prints them. New keys may come without a new schema number; a key that goes or
 * changes its meaning raises it.
 */
export interface StatusReport {
  readonly schema: 1;
  /** The daemon's version, which may differ from the asking program's after an upgrade. */
  readonly version: string;
  readonly peers: readonly PeerStatus[];
}

/** One managed peer. */
export interface PeerStatus {
  readonly interface: string;
  readonly publicKey: string;
  readonly health: Health;
  /** Why it is not simply `up`, for people. */
  readonly reason: string | null;
  /** The endpoint now set; null for `(none)`. */
  readonly endpoint: string | null;
  /** Since when `health` is what it is. */
  readonly since: string | null;
  /** Since when the tunnel runs over another endpoint than the preferred one; null while it does not. */
  readonly fallbackSince: string | null;
  /** The newest proof that the endpoint works. */
  readonly proof: ProofStatus | null;
  /** The last time the endpoint was moved, by the daemon or by somebody else, and the new one was proven. */
  readonly lastSwitch: SwitchStatus | null;
  /** In the order in which they would be tried. */
  readonly candidates: readonly CandidateStatus[];
}

/** A proof; `rttMs` is the round trip through the tunnel, where an echo was answered. */
export interface ProofStatus {
  readonly kind: (typeof proofKinds)[number];
  readonly at: string;
  readonly rttMs: number | null;
}

/** A proven move from one endpoint to another: by the daemon, by roaming, or by hand. */
export interface SwitchStatus {
  readonly at: string;
  /** Null where no endpoint was set before. */
  readonly from: string | null;
  readonly to: string;
  /** What condemned the old endpoint, or that somebody else moved it, for people. */
  readonly reason: string;
}

/** An address and port at which the peer may be reached. */
export interface CandidateStatus {
  readonly endpoint: string;
  /** Where it comes from: `dns:vpn.example`, `literal`. */
  readonly source: string;
  /** 1 is tried first. */
  readonly rank: number;
  readonly verdict: Verdict;
  /** Outside the tunnel, where it answered a ping. */
  readonly rttMs: number | null;
  /** When `verdict` was found. */
  readonly at: string | null;
}

/** Unix milliseconds as the report writes a time; null for null and for what no calendar has. */
export function isoTime(wallMs: number | null): string | null {
  // The limit of the language's calendar; beyond it a conversion would throw.
  return wallMs !== null && Math.abs(wallMs) <= 8.64e15 ? new Date(wallMs).toISOString() : null;
}
