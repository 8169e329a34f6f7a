import { chmodSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDirectory } from '../host/directory.ts';
import { acquireLockFile, type LockResult } from '../host/lock.ts';
import { maxSocketPathBytes } from './control-protocol.ts';

/** The control socket's place in the file system, or why it cannot be had. `detail` is for people. */
export type ControlPlace =
  | ClaimedPlace
  /** `holder` is text for a message: `process 812 (wg-reach run)`, as far as it is known. */
  | { readonly kind: 'already-running'; readonly holder: string }
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

/** A daemon that is being stopped closes its socket first and gives its clients a second before it is gone. */
const patienceMs = 3_000;
const pollMs = 100;

/** The same for all network namespaces: the socket is. No interface's lock has this name. */
const lockFile = 'lock-control';

const buildPrefix = '.c';

/**
 * Claims the place of the control socket until it is released. Its directory is made with mode 0700 if it is missing.
 * The socket of a daemon that died is free to be replaced; one that lives, even if it is stopped, is left alone.
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
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const lock = await acquireLockFile(join(directory, lockFile), { timeoutMs: 0 });
    if (lock.kind === 'unwritable') return failed(lock.detail);
    const found = await lookAt(path).catch((error: unknown) =>
      failed(`${path} cannot be looked at: ${messageOf(error)}`),
    );
    if (lock.kind === 'locked') return claim(path, lock, found);
    // It listens already, or still does not after all this time: it starts slowly, or hangs.
    if (found.kind === 'answers' || performance.now() >= untilMs)
      return { kind: 'already-running', holder: lock.holder };
    await sleep(pollMs);
  }
}

async function claim(
  path: string,
  lock: Extract<LockResult, { kind: 'locked' }>,
  found: Found,
): Promise<ControlPlace> {
  if (found.kind === 'free')
    return { kind: 'claimed', path, listen: () => listen(dirname(path), path), release: lock.release };
  await lock.release();
  return found.kind === 'failed' ? found : { kind: 'already-running', holder: 'another process' };
}

type Found =
  | { readonly kind: 'free' }
  | { readonly kind: 'answers' }
  | Extract<ControlPlace, { kind: 'failed' }>;

/** What is at the path now. A file that is no socket was put there by somebody else: it is not ours to delete. */
async function lookAt(path: string): Promise<Found> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return { kind: 'free' };
  if (!file.isSocket()) return failed(`${path} is in the way and is no socket: remove it`);
  return new Promise((resolve) => {
    const probe = net.connect(path, () => {
      probe.destroy();
      resolve({ kind: 'answers' });
    });
    probe.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve({ kind: 'free' });
      // Its queue of connections is full: somebody owns it.
      else if (error.code === 'EAGAIN') resolve({ kind: 'answers' });
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
