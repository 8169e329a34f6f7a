import { decodeKeyText, readDump } from './dump.ts';
import { parsePublicKey } from './key.ts';

/** Whose keys are wanted. */
export interface KeyMaterialRequest {
  readonly interface: string;
  /** The peer's public key. */
  readonly peer: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** The keys, or why there are none. `detail` is one sentence for people and never has a secret in it. */
export type KeyMaterial =
  | {
      readonly kind: 'ok';
      /** The interface's own key, 32 bytes. The caller overwrites it after use. */
      readonly privateKey: Buffer;
      /** 32 bytes, the caller's to overwrite; null if the peer has none. */
      readonly presharedKey: Buffer | null;
    }
  | { readonly kind: 'no-permission'; readonly detail: string }
  | { readonly kind: 'no-such-peer'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string };

/**
 * Reads what a handshake with one peer needs: the private key of the interface and the preshared key of the peer, with
 * one call of `wg`. Everything else that was read is wiped before it returns. Keys are kept nowhere.
 */
export async function readKeyMaterial(request: KeyMaterialRequest): Promise<KeyMaterial> {
  const key = parsePublicKey(request.peer);
  if (key.kind === 'invalid') return { kind: 'failed', detail: `not a public key: ${key.reason}` };
  const { timeoutMs, signal } = request;
  const dump = await readDump(request.interface, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
  if (dump.kind === 'not-permitted') return { kind: 'no-permission', detail: dump.detail };
  if (dump.kind !== 'ok') return { kind: 'failed', detail: dump.detail };
  try {
    const peer = dump.peers.get(request.peer);
    if (peer === undefined) {
      return { kind: 'no-such-peer', detail: `${request.interface} does not have the peer ${request.peer}` };
    }
    if (dump.privateKey === null) {
      return { kind: 'failed', detail: `${request.interface} has no private key, or does not show it` };
    }
    return {
      kind: 'ok',
      privateKey: decodeKeyText(dump.privateKey),
      presharedKey: peer.presharedKey === null ? null : decodeKeyText(peer.presharedKey),
    };
  } finally {
    dump.wipe();
  }
}
