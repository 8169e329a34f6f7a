import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** A lock held by a helper program, or why there is none. */
export type ProgramLock =
  | { readonly kind: 'locked'; release(): Promise<void> }
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly detail: string };

/** Taking a free lock takes a few ms; a program that says nothing for this long on a loaded board hangs. */
const startTimeoutMs = 5_000;
/** `cat` ends at once when its input closes. */
const stopTimeoutMs = 1_000;

/**
 * Holds the same lock as the native `flock` does, through the program of that name (util-linux or busybox).
 *
 * It runs `cat`, whose echo of our line says that the lock is ours, and whose input ends when we end: so the
 * lock goes with us even after `kill -9`. The helper lives as long as the lock and does not keep our event
 * loop alive. Not through `runProgram`, which waits for an end.
 */
export function holdByProgram(path: string): Promise<ProgramLock> {
  return new Promise((resolve) => {
    // A session of its own, so that Ctrl-C at the terminal does not free the lock while we clean up.
    const child = spawn('flock', ['-n', path, 'cat'], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    let complaint = '';
    const kill = () => child.kill('SIGKILL');
    const fail = (detail: string) => {
      clearTimeout(timer);
      resolve({ kind: 'failed', detail });
    };
    const timer = setTimeout(() => {
      kill();
      fail(`the program "flock" said nothing within ${startTimeoutMs} ms`);
    }, startTimeoutMs);
    const ended = new Promise<void>((done) => {
      child.on('exit', () => done());
      child.on('close', (code) => {
        // Both implementations end with 1 if the lock is taken; nothing else does before `cat` has echoed.
        if (code === 1 && complaint === '') {
          clearTimeout(timer);
          resolve({ kind: 'busy' });
        } else fail(`the program "flock" ended with code ${code}: ${complaint.trim().slice(0, 200)}`);
      });
      child.on('error', (error: NodeJS.ErrnoException) => {
        done();
        fail(
          error.code === 'ENOENT'
            ? 'neither the native library koffi nor the program "flock" is there to take a lock: install util-linux'
            : `the program "flock" could not be started: ${error.message}`,
        );
      });
    });
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on('error', () => {});
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.stdout?.once('data', () => {
      clearTimeout(timer);
      child.unref();
      for (const stream of [child.stdin, child.stdout, child.stderr]) unref(stream);
      const release = async (): Promise<void> => {
        child.ref();
        const limit = setTimeout(kill, stopTimeoutMs);
        child.stdin?.end();
        await ended;
        clearTimeout(limit);
      };
      resolve({ kind: 'locked', release });
    });
    child.stdin?.write('locked\n');
  });
}

/** Pipes of a child are sockets, which can let the event loop end; their type does not say so. */
function unref(stream: Readable | Writable | null): void {
  if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
}
