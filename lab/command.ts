import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';

/** How a command ended. */
export interface CommandResult {
  /** Exit code; null when a signal ended it, 127 when it could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time from start to end. */
  readonly ms: number;
  /** True if it was killed because its time was up. */
  readonly timedOut: boolean;
}

/** What a command may be given. */
export interface CommandOptions {
  /** The command is killed after this time. Default 30 s: ten times what a slow emulated machine needs. */
  readonly timeoutMs?: number;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed. */
  readonly input?: string;
  readonly cwd?: string;
}

const defaultTimeoutMs = 30_000;
// A grandchild may keep the output open after the command itself has ended.
const outputGraceMs = 500;

/** This process's environment with the directories of system programs, which `su` without `-` leaves out. */
export function systemEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const path = new Set([...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']);
  path.delete('');
  return { ...process.env, PATH: [...path].join(':'), ...extra };
}

/** Starts a program without a shell, all three standard streams as pipes. It is killed after `timeoutMs`. */
export function startCommand(
  command: readonly string[],
  options: CommandOptions = {},
): ChildProcessWithoutNullStreams {
  const [program = '', ...args] = command;
  return spawn(program, args, {
    env: systemEnvironment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? defaultTimeoutMs,
    killSignal: 'SIGKILL',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

/** Runs a program to its end. Never rejects: a command that fails, hangs or does not exist is a result. */
export function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const startedMs = performance.now();
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return new Promise((resolve) => {
    const child = startCommand(command, options);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const finish = (code: number | null, signal: NodeJS.Signals | null) => {
      const ms = performance.now() - startedMs;
      resolve({ code, stdout, stderr, ms, timedOut: signal === 'SIGKILL' && ms >= timeoutMs });
    };
    child.on('error', (error) => {
      stderr += error.message;
      finish(127, null);
    });
    child.on('close', finish);
    child.on('exit', (code, signal) => setTimeout(finish, outputGraceMs, code, signal).unref());
    // A command that does not read its input is not a failure.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/**
 * Like runCommand, for the lab's own steps: throws with the command and what it said unless it exits with 0.
 */
export async function mustRun(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(command, options);
  if (result.code === 0) return result.stdout;
  const end = result.timedOut ? 'did not end in time' : `ended with ${result.code ?? 'a signal'}`;
  throw new Error(`The lab's command "${command.join(' ')}" ${end}: ${result.stderr.trim()}`);
}
