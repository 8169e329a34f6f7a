import type { PeerAction } from '../action.ts';
import type { CandidateState, Preference } from '../candidate.ts';
import type { PeerEvent } from '../event.ts';
import type { Instant } from '../instant.ts';
import type { Profile } from '../profile.ts';
import type { Proof } from '../proof.ts';
import type { WatchState } from './watch-transitions.ts';
import type { PastOffer } from './way-back.ts';

/** How a peer is, for people and scripts. */
export type Health = 'up' | 'suspect' | 'down' | 'unknown' | 'paused';

/** The last time the endpoint was moved, by whomever. */
export interface Switch {
  readonly atWallMs: number;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** What can happen to a watched peer on top of what can happen in a look. */
export type WatchEvent =
  | PeerEvent
  /** Whether the host is sending data to this peer. */
  | { readonly type: 'busy'; readonly busy: boolean }
  /** The routes of the host changed, it slept, or its clock was set: what was known of paths is doubtful. */
  | { readonly type: 'network-changed' }
  /** `reason`: why, in words; the operator's wish unless given. */
  | { readonly type: 'pause'; readonly reason?: string }
  | { readonly type: 'resume' };

/** What a watched peer asks for on top of what a look asks for. `resolve`: ask for its names again, soon. */
export type WatchAction = PeerAction | { readonly type: 'resolve' };

/** One peer that is watched for ever: events go in, actions come out. */
export interface Watch {
  handle(event: WatchEvent, now: Instant): WatchAction[];
  /** When it wants a `time` event (monotonic milliseconds), or null for never. */
  nextDueMs(): number | null;
  /** The generation to be handed back with counters that are read from now on without having been asked for. */
  generation(): number;
  snapshot(): WatchSnapshot;
}

/** What a watched peer knows now; a copy. */
export interface WatchSnapshot {
  readonly state: WatchState;
  readonly health: Health;
  /** Why it is not simply up, in words; null if it is. */
  readonly reason: string | null;
  readonly generation: number;
  readonly endpoint: string | null;
  readonly proof: Proof | null;
  readonly candidates: readonly Readonly<CandidateState>[];
  readonly lastSwitch: Switch | null;
  /** Since when (monotonic milliseconds) the tunnel is on a less preferred candidate, or null. */
  readonly fallbackSinceMs: number | null;
  /** The endpoint that last worked for a minute, or null: worth remembering on disk. */
  readonly lastGood: string | null;
  /** Offers of preferred candidates up to now, by endpoint: worth remembering on disk. */
  readonly offers: ReadonlyMap<string, PastOffer>;
}

/** What a watch is told once. */
export interface WatchConfig {
  readonly profile: Profile;
  readonly prefer: Preference;
  /** See `WayBackOptions.failbackMs`. */
  readonly failbackMs: number | null;
  readonly echoTargets: readonly string[];
  /** Whether handshakes with the interface's own key, and a reset of the session, may be asked for. */
  readonly handshakes: boolean;
  /** False for a peer without persistent keepalive: it was meant to be silent, and is tested only under traffic. */
  readonly testWhenIdle: boolean;
  readonly phase: number;
  /** Offers remembered from before, by endpoint. */
  readonly remembered: ReadonlyMap<string, PastOffer>;
  readonly failedAtMs: ReadonlyMap<string, number>;
}
