import type { Candidate, RouteVerdict } from './candidate.ts';
import type { HandshakeVerdict } from './handshake-verdict.ts';
import type { Observation } from './observation.ts';

/** Everything that can happen to a peer, as the world outside reports it. Times come with each call, not in here. */
export type PeerEvent =
  | { readonly type: 'start' }
  /** The whole candidate set as now known. `settled` when no look-up is under way any more. */
  | { readonly type: 'candidates'; readonly candidates: readonly Candidate[]; readonly settled: boolean }
  | { readonly type: 'routed'; readonly endpoint: string; readonly verdict: Exclude<RouteVerdict, 'unknown'> }
  | {
      readonly type: 'hint';
      readonly endpoint: string;
      readonly outcome: 'answered' | 'unroutable';
      readonly rttMs: number | null;
    }
  | {
      readonly type: 'probed';
      readonly endpoint: string;
      readonly verdict: HandshakeVerdict;
      readonly rttMs: number | null;
    }
  | { readonly type: 'observed'; readonly generation: number; readonly observation: Observation }
  | { readonly type: 'observe-failed'; readonly generation: number; readonly detail: string }
  /** An echo through the tunnel, named by the number its action carried. */
  | {
      readonly type: 'echo-answered';
      readonly echo: number;
      readonly generation: number;
      readonly rttMs: number;
    }
  | {
      readonly type: 'echo-failed';
      readonly echo: number;
      readonly generation: number;
      readonly detail: string;
    }
  /** The endpoint was set and read back; `observation` is what was read. */
  | { readonly type: 'set-done'; readonly generation: number; readonly observation: Observation }
  | { readonly type: 'set-failed'; readonly generation: number; readonly detail: string }
  /** The interface has no such peer any more, or the interface itself is gone. */
  | { readonly type: 'peer-gone'; readonly detail: string }
  /** The loop came late: time-outs that expired meanwhile are void. */
  | { readonly type: 'stalled' }
  /** A timer is due. */
  | { readonly type: 'time' }
  /** Stop: put back whatever is on trial, then rest. */
  | { readonly type: 'shutdown'; readonly reason: string };
