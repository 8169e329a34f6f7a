/** One measured figure and how the model is made to give its own. */
export interface Row {
  /** Section of facts/wireguard.md (A.2, B.5 …) or experiment of facts/kernel-vm.md (E2a …), and a counter. */
  readonly id: string;
  readonly what: string;
  readonly unit: 'ms' | 'bytes' | 'packets' | 'times';
  /** The smallest and the largest figure measured. */
  readonly measured: readonly [number, number];
  /** How far the model may be off on either side, and why that is right. */
  readonly tolerance: { readonly below: number; readonly above: number; readonly why: string };
  /** What the model says with that seed. */
  readonly run: (seed: number) => number;
}

/** A measured row that the model does not represent. */
export interface UnrepresentedRow {
  readonly id: string;
  readonly what: string;
  readonly reason: string;
}

/** For figures that have no scatter. */
export const exact = { below: 0, above: 0, why: 'the protocol fixes it' } as const;

/** For figures that are nothing but a round trip or a fixed timer. */
export function within(toleranceMs: number, why: string): Row['tolerance'] {
  return { below: toleranceMs, above: toleranceMs, why };
}

/** For figures that are mostly the start of a process. */
export const commandsTake = (ms: number): Row['tolerance'] => ({
  below: ms,
  above: 2,
  why: 'most of it was the start of `ip netns exec wg` and the distance of the pings; the model has neither',
});
