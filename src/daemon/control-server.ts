import { lstatSync, unlinkSync } from 'node:fs';
import {
  type ControlConnection,
  type ControlConnectionOptions,
  type ControlLimits,
  openConnection,
} from './control-connection.ts';
import type { ClaimedPlace, ListeningSocket } from './control-place.ts';
import { formatReply } from './control-protocol.ts';

/** What a control server needs. */
export interface ControlServerOptions extends Omit<ControlConnectionOptions, 'limits'> {
  /** Closes the server when aborted. */
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly limits?: Partial<ControlLimits>;
}

/** A server that listens, or why none does. `detail` is for people. */
export type ControlServer =
  | {
      readonly kind: 'listening';
      /** Removes the socket, ends the connections, and releases the place when all are gone. Never rejects. */
      close(): Promise<void>;
    }
  | { readonly kind: 'failed'; readonly detail: string };

/** A request is sent at once after connecting, and a repair takes at most its `--timeout`, 50 s by default. */
const usualLimits: ControlLimits = { idleMs: 10_000, handlerMs: 300_000, closeMs: 1_000 };

/** People and scripts on one host; more than this is a fault, and each costs memory. */
const maxConnections = 16;

/**
 * Answers requests at a claimed place until closed. At most 16 connections; one that sends garbage, too little, or does not read
 * its reply is dropped.
 */
export async function startControlServer(
  place: ClaimedPlace,
  options: ControlServerOptions,
): Promise<ControlServer> {
  try {
    return serve(place, await place.listen(), options);
  } catch (error) {
    await place.release();
    return { kind: 'failed', detail: `${place.path} cannot be listened on: ${messageOf(error)}` };
  }
}

function serve(
  { path, release }: ClaimedPlace,
  { server, ino }: ListeningSocket,
  options: ControlServerOptions,
): ControlServer {
  const { log, signal, handlers } = options;
  const limits = { ...usualLimits, ...options.limits };
  const connections = new Set<ControlConnection>();
  let closed: Promise<void> | undefined;

  server.on('error', (error) => log.warning('control-socket-error', { message: messageOf(error) }));
  server.on('connection', (socket) => {
    if (connections.size >= maxConnections) {
      const message = `the daemon has ${maxConnections} connections already; try again in ${limits.idleMs / 1000} s`;
      socket.on('error', () => {});
      socket.end(formatReply({ id: null, error: { code: 'busy', message } }), () => socket.destroy());
      return;
    }
    const connection = openConnection(socket, { handlers, log, limits });
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
        resolve(release());
      });
      for (const connection of connections) connection.finish();
    });
    return closed;
  };
  signal?.addEventListener('abort', () => void close(), { once: true });
  if (signal?.aborted) void close();
  return { kind: 'listening', close };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
