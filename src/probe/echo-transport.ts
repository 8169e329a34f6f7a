import type { SendFailure } from './send-failure.ts';

/** How an echo ended. Silence is not a result: who waits decides for how long. */
export type EchoResult = { readonly kind: 'answered'; readonly rttMs: number } | SendFailure;

/** One echo to be sent. */
export interface EchoRequest {
  /** An IP literal, with a zone if it is link-local. */
  readonly address: string;
  readonly family: 4 | 6;
  readonly payloadBytes: number;
  /** Called at most once, never before `send` has returned. */
  readonly onResult: (result: EchoResult) => void;
}

/** Where echoes leave: a native mark and device, the same for all echoes of a sender. */
export interface EchoPath {
  /** The interface's fwmark; 0 or absent is none. */
  readonly mark?: number;
  /** Leave by this device only. */
  readonly device?: string;
}

/** One way of sending echoes. */
export interface EchoTransport {
  /** Sends one echo. The returned function forgets it: its result is then never called. */
  send(request: EchoRequest): () => void;
  /** Forgets all echoes and lets the event loop end. */
  close(): void;
}

/** Delivers a failure that is known at once, but not before `send` has returned. */
export function failSoon(request: EchoRequest, failure: SendFailure): () => void {
  let cancelled = false;
  queueMicrotask(() => {
    if (!cancelled) request.onResult(failure);
  });
  return () => {
    cancelled = true;
  };
}
