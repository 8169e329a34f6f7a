import {
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  readFileSync,
  readlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDirectory } from './directory.ts';
import { holdByProgram } from './flock-program.ts';
import { flock } from './native.ts';

/** How long to wait for a lock that somebody else holds. */
export interface LockOptions {
  /** 0 tries once. */
  readonly timeoutMs: number;
  /** Ends the waiting early; the result is then `busy`. */
  readonly signal?: AbortSignal;
}

/** `holder` is text for a message, for example `process 812 (wg-reach repair wg0)`. */
export type LockResult =
  | {
      readonly kind: 'locked';
      /** Frees the lock; settles when others can have it. More than once does nothing. Never rejects. */
      release(): Promise<void>;
    }
  | { readonly kind: 'busy'; readonly holder: string }
  | { readonly kind: 'unwritable'; readonly detail: string };

/** Short against the seconds a repair takes, long against the 20 µs of a try. */
const pollMs = 100;

/**
 * Takes the lock that every writer to this interface in this network namespace must hold.
 *
 * The kernel frees it when the process dies, however it dies. The file stays for ever: deleting it would let
 * two processes hold locks on two files of the same name. `directory` is made (mode 0700) if it is missing.
 */
export function acquireLock(
  directory: string,
  interfaceName: string,
  options: LockOptions,
): Promise<LockResult> {
  return acquireLockFile(lockPath(directory, interfaceName), options);
}

/** Takes the lock on one file, whichever network namespace we are in; otherwise the same as `acquireLock`. */
export async function acquireLockFile(path: string, options: LockOptions): Promise<LockResult> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const attempt = await tryLock(path);
    if (attempt.kind !== 'busy') return attempt;
    if (options.signal?.aborted || performance.now() + pollMs > deadline) return attempt;
    await sleep(pollMs, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {});
  }
}

/**
 * The file of one interface's lock. The same interface name may exist in several network namespaces that
 * share a runtime directory, so the name carries the namespace's inode number.
 */
export function lockPath(directory: string, interfaceName: string): string {
  return join(directory, `lock-${networkNamespace()}-${encodeURIComponent(interfaceName)}`);
}

function networkNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

async function tryLock(path: string): Promise<LockResult> {
  let fd: number;
  try {
    makeDirectory(dirname(path));
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    return { kind: 'unwritable', detail: error instanceof Error ? error.message : String(error) };
  }
  const native = flock(fd, 'exclusive');
  if (native.kind === 'locked') {
    writeHolder(fd);
    return held(fd, () => Promise.resolve());
  }
  if (native.kind === 'busy') {
    const holder = readHolder(path);
    closeSync(fd);
    return { kind: 'busy', holder };
  }
  if (native.kind === 'refused') {
    closeSync(fd);
    return { kind: 'unwritable', detail: `${path} cannot be locked: ${native.detail}` };
  }
  const program = await holdByProgram(path);
  if (program.kind === 'locked') {
    writeHolder(fd);
    return held(fd, program.release);
  }
  closeSync(fd);
  if (program.kind === 'busy') return { kind: 'busy', holder: readHolder(path) };
  return { kind: 'unwritable', detail: program.detail };
}

function held(fd: number, unlock: () => Promise<void>): LockResult {
  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    truncate(fd);
    // Closing the last descriptor of a native lock frees it, also where an explicit unlock would fail.
    closeSync(fd);
    await unlock();
  };
  return {
    kind: 'locked',
    release: () => {
      released ??= release();
      return released;
    },
  };
}

/** The content is only for the message of whoever finds the lock busy; failing to write it loses nothing else. */
function writeHolder(fd: number): void {
  const command = [basename(process.argv[1] ?? process.argv0), ...process.argv.slice(2)].join(' ');
  truncate(fd);
  try {
    writeSync(fd, `${process.pid} ${printable(command)}\n`, 0);
  } catch {
    // A full disk.
  }
}

function truncate(fd: number): void {
  try {
    ftruncateSync(fd, 0);
  } catch {
    // As above.
  }
}

function readHolder(path: string): string {
  const [, pid, command] = /^(\d+) (.*)/.exec(readText(path)) ?? [];
  if (pid === undefined) return 'another process';
  return command ? `process ${pid} (${printable(command)})` : `process ${pid}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Bounded and without control characters: it is shown on a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
}
