import type { HandshakeVerdict } from './handshake-verdict.ts';

/** The two IP families. */
export type Family = 4 | 6;

/** What the user prefers among the addresses of one name. `listed` keeps the order in which they came. */
export type Preference = 'ipv6' | 'ipv4' | 'listed';

/** The source of a candidate that no answer lists now, but that worked before. */
export const lastKnownGoodSource = 'last-known-good';

/** An address and port at which a peer may be reached. */
export interface Candidate {
  /** Canonical text as `wg` prints it: `203.0.113.1:51820`, `[2001:db8::1]:51820`. Its identity. */
  readonly endpoint: string;
  /** Where it comes from, for people: `dns:vpn.example`, `literal`. */
  readonly source: string;
  /** Position of its name in the user's list. */
  readonly nameIndex: number;
  /** Position within the answer for that name and family. */
  readonly listIndex: number;
}

/** How a candidate would be reached, asked with the interface's mark. */
export type RouteVerdict = 'unknown' | 'ok' | 'no-route' | 'in-tunnel';

/** What ICMP echo outside the tunnel said of a candidate's address. Only a hint: it orders, it never vetoes. */
export type HintVerdict = 'untested' | 'asking' | 'reachable' | 'silent' | 'unroutable';

/** A candidate with all that is known of it. */
export interface CandidateState extends Candidate {
  route: RouteVerdict;
  hint: HintVerdict;
  hintRttMs: number | null;
  /** What the last handshake probe said, or null if there was none. */
  handshake: HandshakeVerdict | null;
  /** Monotonic time of the last trial that failed, or null. */
  failedAtMs: number | null;
  /** What the last trial on the real interface said, or null. */
  trial: 'proven' | 'silent' | null;
}

/** The family of a canonical endpoint text. */
export function familyOf(endpoint: string): Family {
  return endpoint.startsWith('[') ? 6 : 4;
}

/** The address of a canonical endpoint text, without brackets and port. */
export function addressOf(endpoint: string): string {
  return endpoint.startsWith('[')
    ? endpoint.slice(1, endpoint.lastIndexOf(']'))
    : endpoint.slice(0, endpoint.lastIndexOf(':'));
}

/** A candidate of which nothing is known yet. */
export function freshCandidate(candidate: Candidate): CandidateState {
  return {
    ...candidate,
    route: 'unknown',
    hint: 'untested',
    hintRttMs: null,
    handshake: null,
    failedAtMs: null,
    trial: null,
  };
}

/** A candidate of which no more is known than when its last trial failed, if it did. By endpoint, monotonic. */
export function failedCandidate(
  candidate: Candidate,
  failedAtMs: ReadonlyMap<string, number>,
): CandidateState {
  const atMs = failedAtMs.get(candidate.endpoint) ?? null;
  return { ...freshCandidate(candidate), failedAtMs: atMs, trial: atMs === null ? null : 'silent' };
}
