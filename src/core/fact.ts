import type { HandshakeVerdict } from './handshake-verdict.ts';
import type { Proof } from './proof.ts';
import type { SetReason } from './set-reason.ts';
import type { Pass } from './trial.ts';

/** What the core saw, did, and why; the log, the one-shot's lines and `--json` are all written from these. */
export type Fact =
  | { readonly kind: 'endpoint-found'; readonly endpoint: string | null }
  | { readonly kind: 'candidates'; readonly endpoints: readonly string[]; readonly cutOff: number }
  | { readonly kind: 'route'; readonly endpoint: string; readonly verdict: 'no-route' | 'in-tunnel' }
  | {
      readonly kind: 'hint';
      readonly endpoint: string;
      readonly verdict: 'reachable' | 'silent' | 'unroutable';
      readonly rttMs: number | null;
    }
  | { readonly kind: 'proven'; readonly proof: Proof }
  | { readonly kind: 'condemned'; readonly endpoint: string | null; readonly reason: string }
  | { readonly kind: 'roamed'; readonly from: string | null; readonly to: string | null }
  | { readonly kind: 'setting'; readonly endpoint: string; readonly reason: SetReason }
  | { readonly kind: 'set'; readonly endpoint: string; readonly reason: SetReason }
  | { readonly kind: 'set-failed'; readonly endpoint: string; readonly detail: string }
  | { readonly kind: 'reverted'; readonly endpoint: string; readonly to: string | null }
  | { readonly kind: 'trial'; readonly endpoint: string; readonly pass: Pass }
  | {
      readonly kind: 'handshake';
      readonly endpoint: string;
      readonly verdict: HandshakeVerdict;
      readonly rttMs: number | null;
    }
  | { readonly kind: 'trial-failed'; readonly endpoint: string; readonly reason: string }
  | {
      readonly kind: 'fail-back';
      readonly from: string;
      readonly to: string;
      /** `old-path-alive`: a packet over the old path took the endpoint back; that says nothing against the new one. */
      readonly outcome: 'offered' | 'done' | 'rolled-back' | 'old-path-alive';
    };
