import net from 'node:net';
import {
  type ControlRequest,
  createLineReader,
  maxReplyBytes,
  maxSocketPathBytes,
  parseReply,
} from './control-protocol.ts';

/** What to ask for; the id is the client's own business. */
export type ControlQuestion = Omit<ControlRequest, 'id'>;

/** How to ask. */
export interface AskOptions {
  /** For everything from connecting to the answer. */
  readonly timeoutMs: number;
  /** Lines that the daemon says while it works. Must not throw. */
  readonly onProgress?: (text: string) => void;
  /** Aborting it ends the waiting; the daemon sees that nobody waits any more, and stops what it can. */
  readonly signal?: AbortSignal;
}

/** The daemon's answer, or why there is none. `result` is unchecked: the daemon may be of another version. */
export type DaemonAnswer =
  | { readonly kind: 'result'; readonly result: unknown }
  /** No socket, or one that a daemon left behind when it died. */
  | { readonly kind: 'no-daemon' }
  /** The socket is there, and only another user may open it. */
  | { readonly kind: 'not-permitted' }
  | { readonly kind: 'timed-out' }
  /**
   * The daemon's refusal, or one of our own codes: `closed` (it ended before it answered), `bad-reply`,
   * `unreachable`, `stopped` (by the signal). `message` is for people.
   */
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

/** Asks the daemon that listens on the socket at `path`, once. Never throws, and leaves nothing open. */
export function askDaemon(
  path: string,
  question: ControlQuestion,
  options: AskOptions,
): Promise<DaemonAnswer> {
  // No daemon of ours listens on such a path.
  if (Buffer.byteLength(path) > maxSocketPathBytes) return Promise.resolve({ kind: 'no-daemon' });
  return new Promise((resolve) => {
    const id = 1;
    const reader = createLineReader(maxReplyBytes);
    const socket = net.connect({ path });
    const end = (answer: DaemonAnswer): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
      socket.destroy();
      resolve(answer);
    };
    const stop = (): void => end(stoppedEarly);
    const timer = setTimeout(() => end({ kind: 'timed-out' }), options.timeoutMs);

    function take(bytes: Uint8Array): DaemonAnswer | null {
      const reply = parseReply(bytes);
      if (reply === null || (reply.id !== id && !('error' in reply))) return badReply;
      if ('error' in reply) return { kind: 'error', ...reply.error };
      if ('result' in reply) return { kind: 'result', result: reply.result };
      options.onProgress?.(reply.progress);
      return null;
    }

    options.signal?.addEventListener('abort', stop);
    if (options.signal?.aborted) return stop();

    socket.on('connect', () => socket.write(`${JSON.stringify({ ...question, id })}\n`));
    socket.on('data', (chunk) => {
      reader.push(chunk);
      for (let line = reader.next(); line !== null; line = reader.next()) {
        const answer = line.kind === 'line' ? take(line.bytes) : badReply;
        if (answer !== null) return end(answer);
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => end(failureOf(error)));
    socket.on('close', () => end(closedEarly));
  });
}

const badReply: DaemonAnswer = {
  kind: 'error',
  code: 'bad-reply',
  message: "the daemon's reply is not understood; restart the daemon if it is of another version",
};

const closedEarly: DaemonAnswer = {
  kind: 'error',
  code: 'closed',
  message: 'the daemon closed the connection before it answered; it may have been stopped: try again',
};

const stoppedEarly: DaemonAnswer = {
  kind: 'error',
  code: 'stopped',
  message: 'stopped while the daemon was asked; it puts back what it was trying',
};

function failureOf(error: NodeJS.ErrnoException): DaemonAnswer {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return { kind: 'no-daemon' };
    case 'EACCES':
    case 'EPERM':
      return { kind: 'not-permitted' };
    case 'EPIPE':
    case 'ECONNRESET':
      return closedEarly;
    default:
      return {
        kind: 'error',
        code: 'unreachable',
        message: `the daemon's control socket cannot be used: ${error.message}`,
      };
  }
}
