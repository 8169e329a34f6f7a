import { type ChildProcess, spawn } from 'node:child_process';

/** How one program is to be run. */
export interface ProgramOptions {
  /** After this time the program is killed with SIGKILL. It is never optional: a hung tool must not hang us. */
  readonly timeoutMs: number;
  /** Written to standard input, which is then closed. Without it the program reads an empty input. */
  readonly input?: string | Uint8Array;
  /**
   * An open file that becomes the standard input instead; it stays the caller's to close. For programs that open
   * `/dev/stdin` by name, which fails for the socket pairs that Node makes.
   */
  readonly inputFd?: number;
  /** Added to our own environment. `LC_ALL` is always `C`, so that messages can be recognised. */
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes kept of each of stdout and stderr; the rest is read and thrown away. Default 1 MiB. */
  readonly maxOutputBytes?: number;
  /** Aborting it kills the program; the result is then `killed`. */
  readonly signal?: AbortSignal;
}

/** What became of a program. Nothing here is an exception: a missing or hung tool is an expected event. */
export type ProgramResult =
  | {
      readonly kind: 'exited';
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
      /** True if more was written than `maxOutputBytes`. */
      readonly truncated: boolean;
    }
  /** There is no such program. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'timed-out' }
  /** Ended by a signal other than the time-out's: the caller's abort, or the kernel's memory killer. */
  | { readonly kind: 'killed'; readonly signal: string }
  /** The program exists but could not be started: no permission, no memory, no free process. */
  | { readonly kind: 'failed'; readonly detail: string };

/** The same, with the output as bytes, which the caller can wipe. Nothing else of it stays in this process's buffers. */
export type ProgramBytesResult =
  | Exclude<ProgramResult, { readonly kind: 'exited' }>
  | (Omit<Extract<ProgramResult, { readonly kind: 'exited' }>, 'stdout'> & { readonly stdout: Buffer });

/** One `wg show` of a thousand peers with many allowed IPs is about 300 kB; `ip` prints far less. */
const defaultMaxOutputBytes = 1024 * 1024;

/**
 * Runs one program without a shell and waits for its end.
 *
 * Promises to settle no later than `timeoutMs` plus a moment, also if the program left children behind that
 * hold its output open, and never to reject. `file` is looked up in PATH when it contains no slash.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const result = await runProgramBytes(file, args, options);
  return result.kind === 'exited' ? { ...result, stdout: result.stdout.toString('utf8') } : result;
}

/** As `runProgram`, for output that carries a secret. */
export function runProgramBytes(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramBytesResult> {
  return new Promise((resolve) => {
    const stdout = createCollector(options.maxOutputBytes ?? defaultMaxOutputBytes);
    const stderr = createCollector(options.maxOutputBytes ?? defaultMaxOutputBytes);
    let child: ChildProcess;
    try {
      child = spawnPiped(file, args, options);
    } catch (error) {
      // Node throws at once for what it checks itself, for example a NUL byte in an argument.
      resolve({ kind: 'failed', detail: messageOf(error) });
      return;
    }
    let settled = false;
    const settle = (result: ProgramBytesResult): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      for (const collector of [stdout, stderr]) collector.wipe();
      resolve(result);
    };
    // Not waiting for 'close': a grandchild may hold the pipes for ever, and a process that hangs in the
    // kernel does not even heed SIGKILL. Neither may keep us alive.
    const kill = (result: ProgramBytesResult): void => {
      child.kill('SIGKILL');
      child.unref();
      settle(result);
    };
    const abort = (): void => kill({ kind: 'killed', signal: 'SIGKILL' });
    const timer = setTimeout(() => kill({ kind: 'timed-out' }), options.timeoutMs);
    options.signal?.addEventListener('abort', abort);
    if (options.signal?.aborted) abort();

    child.on('error', (error: NodeJS.ErrnoException) => {
      settle(error.code === 'ENOENT' ? { kind: 'missing' } : { kind: 'failed', detail: error.message });
    });
    child.on('close', (code, signal) => {
      if (code === null) {
        settle({ kind: 'killed', signal: signal ?? 'unknown' });
        return;
      }
      settle({
        kind: 'exited',
        code,
        stdout: stdout.bytes(),
        stderr: stderr.bytes().toString('utf8'),
        truncated: stdout.truncated() || stderr.truncated(),
      });
    });
    // Where no descriptor is left there are no streams either, whatever the types say; 'error' follows.
    child.stdout?.on('data', stdout.add);
    child.stderr?.on('data', stderr.add);
    // A program may end without reading its input; its exit code says what matters.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

function spawnPiped(file: string, args: readonly string[], options: ProgramOptions): ChildProcess {
  return spawn(file, [...args], {
    stdio: [options.inputFd ?? 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env, LC_ALL: 'C' },
  });
}

function createCollector(maxBytes: number) {
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  let dropped = false;
  return {
    add(chunk: Buffer): void {
      const kept = chunk.subarray(0, maxBytes - keptBytes);
      if (kept.length < chunk.length) dropped = true;
      if (kept.length === 0) return;
      keptBytes += kept.length;
      chunks.push(kept);
    },
    /** A copy, so that `wipe` leaves it alone. */
    bytes: (): Buffer => Buffer.concat(chunks),
    wipe(): void {
      for (const chunk of chunks) chunk.fill(0);
    },
    truncated: (): boolean => dropped,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
