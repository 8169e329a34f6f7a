import { chmodSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { makeDirectory } from '../host/directory.ts';
import { acquireLock } from '../host/lock.ts';
import { maxSocketPathBytes } from './control-protocol.ts';

/** The control socket's place in the file system, or why it cannot be had. `detail` is for people. */
export type ControlPlace =
  | ClaimedPlace
  | { readonly kind: 'already-running' }
  | { readonly kind: 'failed'; readonly detail: string };

/** A place where nobody else listens. */
export interface ClaimedPlace {
  readonly kind: 'claimed';
  readonly path: string;
  /** Listens there, on a socket that nobody but this user can open, at no moment. Rejects with what went wrong. */
  listen(): Promise<ListeningSocket>;
  /** Lets others have the place. More than once does nothing. Never rejects. */
  release(): Promise<void>;
}

/** A socket that listens. */
export interface ListeningSocket {
  readonly server: net.Server;
  /** Tells our socket from one that somebody else put at its path. */
  readonly ino: number;
}

/** Looking at the old socket takes a few ms; whoever holds the lock for longer hangs. */
const lockTimeoutMs = 5_000;

const buildPrefix = '.c';

/**
 * Claims the place of the control socket. Its directory is made with mode 0700 if it is missing. The socket of a
 * daemon that died is free to be replaced; one that lives, even if it is stopped, is left alone.
 */
export async function claimControlPlace(path: string): Promise<ControlPlace> {
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
  const found = await lookAt(path).catch((error: unknown) =>
    failed(`${path} cannot be looked at: ${messageOf(error)}`),
  );
  if (found.kind === 'free')
    return { kind: 'claimed', path, listen: () => listen(directory, path), release: lock.release };
  await lock.release();
  return found;
}

type Found = { readonly kind: 'free' } | Exclude<ControlPlace, ClaimedPlace>;

/** What is at the path now. A file that is no socket was put there by somebody else: it is not ours to delete. */
async function lookAt(path: string): Promise<Found> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return { kind: 'free' };
  if (!file.isSocket()) return failed(`${path} is in the way and is no socket: remove it`);
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

/** Builds the socket where nobody else can reach it, and moves it into place when its mode is right. */
async function listen(directory: string, path: string): Promise<ListeningSocket> {
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

function failed(detail: string): { readonly kind: 'failed'; readonly detail: string } {
  return { kind: 'failed', detail };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
