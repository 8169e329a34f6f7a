import { judgeCookieReply } from '../../noise/cookie-reply.ts';
import type { PendingHandshake } from '../../noise/pending-handshake.ts';
import { answerKind } from '../../noise/protocol.ts';
import { judgeResponse } from '../../noise/response.ts';
import type { Heard } from './flow.ts';

/**
 * Responses with our index and a right mac1, but a wrong end, that are looked at for one probe. Each costs
 * some tenths of a millisecond; a peer sends one for each of at most four initiations, so more come from somebody who wants
 * us to compute, sees our packets, and could drop the right answer anyway.
 */
export const maxWrongResponses = 16;

/** An initiation that waits, and when it left. */
export interface WaitingInitiation {
  readonly pending: PendingHandshake;
  readonly sentAtMs: number;
}

/** Recognises answers to the initiations of one probe. */
export interface AnswerReader {
  /** What a datagram says; null for all that is forged, foreign or broken. Never throws. */
  read(datagram: Uint8Array, nowMs: number): Heard | null;
}

/** Reads for these initiations; the list may grow while it is in use. */
export function createAnswerReader(waiting: readonly WaitingInitiation[]): AnswerReader {
  let wrongResponses = 0;

  const readResponse = (datagram: Uint8Array, nowMs: number): Heard | null => {
    if (wrongResponses >= maxWrongResponses) return null;
    for (const { pending, sentAtMs } of waiting) {
      const result = judgeResponse(pending, datagram);
      const rttMs = nowMs - sentAtMs;
      if (result.kind === 'authenticated') return { kind: 'authenticated', rttMs };
      if (result.kind !== 'other-preshared-key') continue;
      wrongResponses += 1;
      return { kind: 'other-preshared-key', rttMs, theirs: result.theirs };
    }
    return null;
  };

  const readCookieReply = (datagram: Uint8Array): Heard | null => {
    for (const { pending } of waiting) {
      const result = judgeCookieReply(pending, datagram);
      if (result.kind === 'cookie') return result;
    }
    return null;
  };

  return {
    read(datagram, nowMs) {
      const kind = answerKind(datagram);
      if (kind === 'response') return readResponse(datagram, nowMs);
      return kind === 'cookie-reply' ? readCookieReply(datagram) : null;
    },
  };
}
