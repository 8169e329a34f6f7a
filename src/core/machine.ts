import type { PeerAction } from './action.ts';
import type { CandidateState, Preference } from './candidate.ts';
import type { PeerEvent } from './event.ts';
import type { FailbackMemory } from './failback.ts';
import type { Instant } from './instant.ts';
import type { Proof } from './proof.ts';
import type { Rto } from './rto.ts';
import type { State } from './transitions.ts';

/** The decision engine of one peer. It does nothing itself: events go in, actions come out. */
export interface Machine {
  /** Takes one event that happened at `now` and returns what is to be done, in order. */
  handle(event: PeerEvent, now: Instant): PeerAction[];
  /** When it wants a `time` event (monotonic milliseconds), or null for never. */
  nextDueMs(): number | null;
  /** The generation that its requests carry: asked with every event, so without copies. */
  generation(): number;
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
  /** Whether handshake probes with the interface's key, and a session reset, may be asked for. Absent: neither. */
  readonly handshake?: { readonly probe: boolean; readonly reset: boolean };
  /** What is known from watching this tunnel; absent for a look from scratch. */
  readonly known?: KnownTunnel;
}

/** How a look at a tunnel begins that was watched up to now. */
export interface KnownTunnel {
  /** The first generation and the last number of an echo that were used: answers to older ones must not match. */
  readonly generation: number;
  readonly echo: number;
  /** Learned round trips; the look goes on learning. */
  readonly rto: Rto;
  /** Least distance of echoes, so that five of them outlast the gaps that the profile tolerates. */
  readonly spacingMs: number;
  /**
   * An echo target answered over this tunnel until now, so that its silence allows a quick trial. False: nobody
   * inside answers, so that a quick trial could prove nothing. Null: not known yet.
   */
  readonly responder: boolean | null;
  /** WireGuard's own answer to a packet was already missed: one more sign condemns. */
  readonly overdue: boolean;
  /** The tunnel was proven over the endpoint until this look began. */
  readonly wasAlive: boolean;
  /** The address of the endpoint answered pings outside the tunnel until now. */
  readonly pingAnswered: boolean;
  /** The endpoint has had its time already, and this speaks against it: search at once. Null: look at it first. */
  readonly condemned: string | null;
  /** Whether a proven tunnel may be offered a preferred candidate. */
  readonly offer: boolean;
}
