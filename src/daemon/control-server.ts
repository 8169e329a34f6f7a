import { chmodSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { makeDirectory } from '../host/directory.ts';
import { acquireLock } from '../host/lock.ts';
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
  maxSocketPathBytes,
  parseRequest,
} from './control-protocol.ts';
import type { Log } from './log.ts';

/** What a control server needs. */
export interface ControlServerOptions {
  /** The socket's file. Its directory is made with mode 0700 if it is missing. */
  readonly path: string;
  readonly handlers: Readonly<Record<ControlCommand, ControlHandler>>;
  readonly log: Log;
  /** Closes the server when aborted. */
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly limits?: Partial<ControlLimits>;
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

/** A server that listens, or why none does. `detail` is for people. */
export type ControlServer =
  | {
      readonly kind: 'listening';
      /** Removes the socket, ends the connections, and settles when all are gone. Never rejects. */
      close(): Promise<void>;
    }
  | { readonly kind: 'already-running' }
  | { readonly kind: 'failed'; readonly detail: string };

/** A request is sent at once after connecting, and a repair takes at most its `--timeout`, 50 s by default. */
const usualLimits: ControlLimits = { idleMs: 10_000, handlerMs: 300_000, closeMs: 1_000 };

/** People and scripts on one host; more than this is a fault, and each costs memory. */
const maxConnections = 16;
/** What a client may leave unread before progress lines are no longer kept for it. */
const maxUnreadBytes = 65_536;
const maxProgressLength = 2_000;
/** Looking at the old socket takes a few ms; whoever holds the lock for longer hangs. */
const lockTimeoutMs = 5_000;

const buildPrefix = '.c';

/**
 * Listens for requests on a Unix socket that nobody but this user can open, at no moment.
 *
 * The socket of a daemon that died is replaced; one that lives, even if it is stopped, is left alone. At most
 * 16 connections; one that sends garbage, too little, or does not read its reply is dropped.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { path } = options;
  const directory = dirname(path);
  if (
    [path, join(directory, `${buildPrefix}XXXXXX`, 's')].some(
      (text) => Buffer.byteLength(text) > maxSocketPathBytes,
    )
  ) {
    return failed(
      `the path ${path} is too long for a socket (${maxSocketPathBytes} bytes): use a shorter --runtime-dir`,
    );
  }
  try {
    makeDirectory(directory);
  } catch (error) {
    return failed(`${directory} cannot be made: ${messageOf(error)}`);
  }
  // No interface's name has a slash, so no interface's lock has this name.
  const lock = await acquireLock(directory, 'control/socket', { timeoutMs: lockTimeoutMs });
  if (lock.kind === 'busy') return failed(`${lock.holder} is about to listen on ${path}, too, and hangs`);
  if (lock.kind === 'unwritable') return failed(lock.detail);
  try {
    const found = await lookAt(path);
    if (found.kind !== 'free') return found;
    return serve(await listen(directory, path), options);
  } catch (error) {
    return failed(`${path} cannot be listened on: ${messageOf(error)}`);
  } finally {
    await lock.release();
  }
}

type Found = { readonly kind: 'free' } | Exclude<ControlServer, { kind: 'listening' }>;

/** What is at the path now. A file that is no socket was put there by somebody else: it is not ours to delete. */
function lookAt(path: string): Promise<Found> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return Promise.resolve({ kind: 'free' });
  if (!file.isSocket()) return Promise.resolve(failed(`${path} is in the way and is no socket: remove it`));
  return new Promise((resolve) => {
    const probe = net.connect(path, () => {
      probe.destroy();
      resolve({ kind: 'already-running' });
    });
    probe.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve({ kind: 'free' });
      // Its queue of connections is full: somebody owns it.
      else if (error.code === 'EAGAIN') resolve({ kind: 'already-running' });
      else resolve(failed(`the socket ${path} cannot be asked who owns it: ${error.message}`));
    });
  });
}

interface Listening {
  readonly server: net.Server;
  /** Tells our socket from one that somebody else put at its path. */
  readonly ino: number;
}

/** Builds the socket where nobody else can reach it, and moves it into place when its mode is right. */
async function listen(directory: string, path: string): Promise<Listening> {
  // We hold the lock, so these belong to a daemon that died here.
  for (const name of readdirSync(directory)) {
    if (/^\.c[A-Za-z0-9]{6}$/.test(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }
  const workshop = mkdtempSync(join(directory, buildPrefix));
  // A client may close its sending side and still wait for the answer.
  const server = net.createServer({ allowHalfOpen: true });
  try {
    const built = join(workshop, 's');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(built, () => resolve());
    });
    chmodSync(built, 0o600);
    const { ino } = lstatSync(built);
    renameSync(built, path);
    return { server, ino };
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function serve({ server, ino }: Listening, options: ControlServerOptions): ControlServer {
  const { path, log, signal } = options;
  const limits = { ...usualLimits, ...options.limits };
  const connections = new Set<ReturnType<typeof openConnection>>();
  let closed: Promise<void> | undefined;

  server.on('error', (error) => log.warning('control-socket-error', { message: messageOf(error) }));
  server.on('connection', (socket) => {
    if (connections.size >= maxConnections) {
      const message = `the daemon has ${maxConnections} connections already; try again in ${limits.idleMs / 1000} s`;
      socket.on('error', () => {});
      socket.end(formatReply({ id: null, error: { code: 'busy', message } }), () => socket.destroy());
      return;
    }
    const connection = openConnection(socket, options, limits);
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  });

  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      // Before the server ends: as long as it listens no other daemon can have put its own socket here.
      try {
        if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) unlinkSync(path);
      } catch (error) {
        log.warning('control-socket-left', { message: `${path} cannot be removed: ${messageOf(error)}` });
      }
      const timer = setTimeout(() => {
        for (const connection of connections) connection.destroy();
      }, limits.closeMs);
      server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      for (const connection of connections) connection.finish();
    });
    return closed;
  };
  signal?.addEventListener('abort', () => void close(), { once: true });
  if (signal?.aborted) void close();
  return { kind: 'listening', close };
}

/** Serves one client. `finish` answers what is being worked on, and no more. */
function openConnection(socket: net.Socket, { handlers, log }: ControlServerOptions, limits: ControlLimits) {
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

function failed(detail: string): { readonly kind: 'failed'; readonly detail: string } {
  return { kind: 'failed', detail };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
