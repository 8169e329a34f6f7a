import type { PeerAction } from '../../src/core/action.ts';
import type { Fact } from '../../src/core/fact.ts';
import type { Proof } from '../../src/core/proof.ts';
import type { WatchAction, WatchEvent, WatchSnapshot } from '../../src/core/watch/watch-types.ts';
import type { World } from '../world.ts';

/** Something that must hold at every moment of every world. It is told what happens and says if that must not be. */
export interface Invariant {
  /** What must hold, in words. */
  readonly name: string;
  /** `snapshot`: what the engine knows after the event. */
  handled?(event: WatchEvent, snapshot: WatchSnapshot): string | null;
  asked?(action: WatchAction): string | null;
  written?(
    endpoint: string,
    action: Extract<PeerAction, { type: 'set' }>,
    before: string | null,
  ): string | null;
  fact?(fact: Fact): string | null;
  proven?(proof: Proof, before: string | null): string | null;
  echoSent?(how: 'taken' | 'local' | 'failed'): string | null;
  /** Once a simulated second. */
  second?(snapshot: WatchSnapshot): string | null;
}

/** Makes an invariant for one world. */
export type InvariantMaker = (world: World) => Invariant;

/** Milliseconds as a person reads them. */
export function spanText(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 1_000).toFixed(1)} s`;
}
