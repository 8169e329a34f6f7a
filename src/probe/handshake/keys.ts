/** The secrets of a probe, 32 raw bytes each. Whoever gets them may keep them for the probe only, and wipes them. */
export type HandshakeKeys =
  | {
      readonly kind: 'ok';
      readonly privateKey: Uint8Array;
      /** Null: the peer has none. */
      readonly presharedKey: Uint8Array | null;
    }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** Overwrites them. */
export function wipeKeys(keys: HandshakeKeys): void {
  if (keys.kind !== 'ok') return;
  keys.privateKey.fill(0);
  keys.presharedKey?.fill(0);
}
