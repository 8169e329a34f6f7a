import type net from 'node:net';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import {
  type ControlAnswer,
  type ControlCommand,
  type ControlContext,
  type ControlHandler,
  type ControlLine,
  type ControlRequest,
  createLineReader,
  formatReply,
  maxRequestBytes,
  parseRequest,
} from './control-protocol.ts';
import type { Log } from './log.ts';

/** One client that is being served. */
export interface ControlConnection {
  /** Answers what is being worked on, and no more. */
  finish(): void;
  /** Ends it at once. */
  destroy(): void;
}

/** What serving a client needs. */
export interface ControlConnectionOptions {
  readonly handlers: Readonly<Record<ControlCommand, ControlHandler>>;
  readonly log: Log;
  readonly limits: ControlLimits;
}

/** How long the server is patient, in milliseconds. */
export interface ControlLimits {
  /** For a whole request of a client, and for a reply to be taken. */
  readonly idleMs: number;
  /** For a handler. */
  readonly handlerMs: number;
  /** For handlers and clients to end after `close`. */
  readonly closeMs: number;
}

/** What a client may leave unread before progress lines are no longer kept for it. */
const maxUnreadBytes = 65_536;
/** A one-shot tells each fact as JSON; the longest one lists 64 candidates. */
const maxProgressLength = 16_000;
/** Serves one client, whatever it sends; its requests are answered one after the other. */
export function openConnection(
  socket: net.Socket,
  { handlers, log, limits }: ControlConnectionOptions,
): ControlConnection {
  const reader = createLineReader(maxRequestBytes);
  let state: 'waiting' | 'working' | 'finished' = 'waiting';
  let current: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** From now on the client must do something in time; bytes that make no whole request are not enough. */
  function expect(what: string): void {
    clearTimeout(timer);
    if (socket.destroyed) return;
    timer = setTimeout(() => {
      log.debug('control-client-dropped', { message: `a client of the control socket was dropped: ${what}` });
      socket.destroy();
    }, limits.idleMs);
  }

  function finish(): void {
    if (state === 'working') current?.abort();
    else if (!socket.writableEnded) {
      socket.end();
      // What still comes is not looked at; the other side's end must be seen.
      socket.resume();
      expect('it did not close its side');
    }
    state = 'finished';
  }

  async function send(line: string): Promise<void> {
    if (socket.destroyed || socket.write(line)) return;
    expect('it does not read its reply');
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
    });
    clearTimeout(timer);
  }

  async function carryOut(request: ControlRequest): Promise<string> {
    const { id } = request;
    const controller = new AbortController();
    current = controller;
    const context: ControlContext = {
      progress(text) {
        if (socket.destroyed || controller.signal.aborted || socket.writableLength > maxUnreadBytes) return;
        socket.write(formatReply({ id, progress: text.slice(0, maxProgressLength) }));
      },
      signal: controller.signal,
    };
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<ControlAnswer>((resolve) => {
      limit = setTimeout(() => {
        const message = `the daemon did not finish "${request.command}" within ${limits.handlerMs / 1000} s`;
        resolve({ kind: 'error', code: 'timed-out', message });
      }, limits.handlerMs);
    });
    try {
      const answer = await Promise.race([(async () => handlers[request.command](request, context))(), late]);
      return answer.kind === 'result'
        ? formatReply({ id, result: answer.result })
        : formatReply({ id, error: { code: answer.code, message: answer.message } });
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error('control-handler-failed', { message: detail, command: request.command });
      const message = `the daemon could not carry out "${request.command}" because of a fault of its own; see its log`;
      return formatReply({ id, error: { code: 'internal', message } });
    } finally {
      clearTimeout(limit);
      controller.abort();
      current = undefined;
    }
  }

  /** False where nothing after this line can be trusted. */
  async function answer(line: ControlLine): Promise<boolean> {
    if (line.kind === 'too-long') {
      const message = `the request is longer than ${maxRequestBytes} bytes`;
      await send(formatReply({ id: null, error: { code: 'too-long', message } }));
      return false;
    }
    const parsed = parseRequest(line.bytes);
    if (parsed.kind === 'ok') await send(await carryOut(parsed.request));
    else await send(formatReply({ id: parsed.id, error: parsed.error }));
    return parsed.kind === 'ok';
  }

  async function work(): Promise<void> {
    if (state !== 'waiting') return;
    for (let line = reader.next(); line !== null && !socket.destroyed; line = reader.next()) {
      if (line.kind === 'line' && line.bytes.every((byte) => byte <= 0x20)) continue;
      state = 'working';
      socket.pause();
      clearTimeout(timer);
      const good = await answer(line);
      // A client that sends one request after the other must not keep the daemon from its peers.
      await yieldToOthers();
      if (!good || isFinished()) {
        state = 'waiting';
        return finish();
      }
      state = 'waiting';
      expect('it sent no whole request');
    }
    if (socket.readableEnded) finish();
    else socket.resume();
  }
  const isFinished = (): boolean => state === 'finished';

  socket.on('error', () => {});
  socket.on('close', () => {
    clearTimeout(timer);
    current?.abort();
  });
  socket.on('data', (chunk) => {
    if (isFinished()) return;
    reader.push(chunk);
    void work();
  });
  socket.on('end', () => {
    // The last line may lack its end.
    reader.push(Buffer.from('\n'));
    void work();
  });
  expect('it sent no whole request');
  return { finish, destroy: () => socket.destroy() };
}
