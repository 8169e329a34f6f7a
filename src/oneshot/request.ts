import type { Outcome } from '../core/action.ts';
import type { Fact } from '../core/fact.ts';
import type { MachineSnapshot } from '../core/machine.ts';
import type { CandidateSource, ResolvedCandidates } from '../resolve/candidates.ts';

/** What decides about an address: WireGuard itself, or ICMP echo alone as in the article's script. */
export type ProbeMode = 'auto' | 'icmp';

/** One peer that a one-shot is to look after. */
export interface PeerRequest {
  readonly publicKey: string;
  readonly source: CandidateSource;
  /** AllowedIPs as written in its file, where they may name the peer's own inner address; empty if unknown. */
  readonly allowedIpsWritten: readonly string[];
}

/** What holds for a whole run. */
export interface RunOptions {
  readonly probe: ProbeMode;
  readonly dryRun: boolean;
  /** When the process should have ended, on the clock of `performance.now()`. */
  readonly endMs: number;
  readonly runtimeDirectory: string;
  readonly stateDirectory: string;
}

/** What became of one peer. */
export type PeerResult =
  | {
      readonly kind: 'ran';
      readonly publicKey: string;
      readonly outcome: Outcome;
      /** The endpoint when we came and when we left, canonical text. */
      readonly before: string | null;
      readonly after: string | null;
      readonly snapshot: MachineSnapshot;
      readonly resolved: ResolvedCandidates | null;
    }
  /** Nothing was tried: the peer or its interface is not there, or must not be touched. */
  | { readonly kind: 'refused'; readonly publicKey: string; readonly detail: string };

/** Where a run tells what it sees while it goes on. */
export interface RunReport {
  fact(publicKey: string, fact: Fact): void;
  /** Something about the run itself: a directory that cannot be written, a missing tool. */
  warning(detail: string): void;
}
