import type { PeerAction } from './action.ts';
import type { CandidateState, Preference } from './candidate.ts';
import type { PeerEvent } from './event.ts';
import type { FailbackMemory } from './failback.ts';
import type { Instant } from './instant.ts';
import type { Proof } from './proof.ts';
import type { State } from './transitions.ts';

/** The decision engine of one peer. It does nothing itself: events go in, actions come out. */
export interface Machine {
  /** Takes one event that happened at `now` and returns what is to be done, in order. */
  handle(event: PeerEvent, now: Instant): PeerAction[];
  /** When it wants a `time` event (monotonic milliseconds), or null for never. */
  nextDueMs(): number | null;
  /** What it knows now; a copy that later events do not change. */
  snapshot(): MachineSnapshot;
}

/** What a machine knows. */
export interface MachineSnapshot {
  readonly state: State;
  readonly generation: number;
  /** The endpoint last read back, or null. */
  readonly endpoint: string | null;
  readonly proof: Proof | null;
  readonly candidates: readonly Readonly<CandidateState>[];
}

/** What a machine is told once, at its beginning. */
export interface MachineConfig {
  readonly prefer: Preference;
  /** Addresses inside the tunnel to which echoes may be sent; none of them is our own. */
  readonly echoTargets: readonly string[];
  /** Never set anything. */
  readonly dryRun: boolean;
  /** When everything must be over (monotonic milliseconds). */
  readonly deadlineMs: number;
  /** Earlier offers of preferred candidates, by endpoint. */
  readonly failbackMemory: ReadonlyMap<string, FailbackMemory>;
  /** When a trial of an endpoint last failed, on the monotonic clock (may lie before its zero). */
  readonly failedAtMs: ReadonlyMap<string, number>;
  /** An endpoint that no answer has listed for some time (milliseconds); null if nothing is remembered. */
  readonly unlisted: { readonly endpoint: string; readonly forMs: number } | null;
}
