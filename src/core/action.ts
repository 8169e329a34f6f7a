import type { Fact } from './fact.ts';
import type { SetReason } from './set-reason.ts';

/** What the core asks the world outside to do. Each answer comes back as an event. */
export type PeerAction =
  /** Find the route to a candidate; answer `routed`. */
  | { readonly type: 'route'; readonly endpoint: string }
  /** Send one ICMP echo to a candidate's address outside the tunnel; answer `hint`, or nothing for silence. */
  | { readonly type: 'hint'; readonly endpoint: string }
  /** Read the peer's counters and endpoint; answer `observed`, `observe-failed` or `peer-gone`. */
  | { readonly type: 'observe'; readonly generation: number }
  /** Send one echo through the tunnel; answer `echo-answered`, `echo-failed`, or nothing for silence. */
  | { readonly type: 'echo'; readonly echo: number; readonly target: string; readonly generation: number }
  /** Set the endpoint and read it back; answer `set-done`, `set-failed` or `peer-gone`. */
  | {
      readonly type: 'set';
      readonly endpoint: string;
      readonly generation: number;
      readonly reason: SetReason;
    }
  /**
   * Ask an endpoint by a handshake of our own, with the interface's key, whether the peer is there; answer `probed`.
   * Only ever asked for while the tunnel is down, since it makes the peer roam to the probe's socket.
   */
  | { readonly type: 'probe'; readonly endpoint: string; readonly timeoutMs: number }
  /** End all probes under way; nothing is answered any more. */
  | { readonly type: 'probe-end' }
  /**
   * Remove and add the peer again with this endpoint and everything else as it was, so that the interface handshakes
   * at once; but not if `rx_bytes` is another than this by now. Answer `set-done` or `set-failed` or `peer-gone`.
   */
  | {
      readonly type: 'reset';
      readonly endpoint: string;
      readonly generation: number;
      readonly rxBytes: number;
    }
  /** Something a person may want to read. */
  | { readonly type: 'report'; readonly fact: Fact }
  /** Nothing more will happen by itself soon: a one-shot ends here, with this outcome. */
  | { readonly type: 'rest'; readonly outcome: Outcome };

/** How a one-shot ends. */
export type Outcome =
  /** The endpoint now set is proven. */
  | { readonly kind: 'proven' }
  /** Nothing was moved: the peer is heard, but nothing shows that it hears us; or (not `heard`) it could not be asked. */
  | { readonly kind: 'undecided'; readonly heard: boolean; readonly detail: string }
  /** Decided by ICMP echo alone, as asked. */
  | { readonly kind: 'chosen' }
  /** Dry run: this is what would have been tried first. */
  | { readonly kind: 'would-set'; readonly endpoint: string }
  /** No candidate works (or, for ICMP, none answers). */
  | { readonly kind: 'none-works'; readonly detail: string }
  /** No name gave an address, and the tunnel is not proven alive. */
  | { readonly kind: 'no-candidates' }
  /** The peer or its interface is gone. */
  | { readonly kind: 'gone'; readonly detail: string }
  /** It was told to stop; what was on trial is taken back. */
  | { readonly kind: 'stopped'; readonly detail: string }
  /** `wg` failed. */
  | { readonly kind: 'failed'; readonly detail: string };
