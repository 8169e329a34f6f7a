import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Namespace } from './namespace.ts';
import { waitFor } from './wait.ts';

/** A program of the lab itself that runs as long as the lab, or until it is stopped. */
export interface Daemon {
  readonly child: ChildProcessWithoutNullStreams;
  /** The end of what it wrote to standard error. */
  said(): string;
  /** Why it no longer runs, or null while it does. */
  ended(): string | null;
  /** Kills it with that signal and resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const keptCharacters = 20_000;

/**
 * Starts a daemon in a namespace. It has no kill timeout: it is killed when the lab is closed, and when the
 * owner dies, by the keeper. It does not keep this process alive.
 */
export function startDaemon(
  namespace: Namespace,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Daemon {
  const child = namespace.spawn(command, { env, timeoutMs: 0 });
  let said = '';
  let ended: string | null = null;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-keptCharacters);
  });
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', (code, signal) => {
    ended = `ended with ${code ?? signal}`;
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) unreference(stream);
  return {
    child,
    said: () => said,
    ended: () => (ended === null ? null : `${command[0]} ${ended}: ${said.trim()}`),
    stop: async (signal = 'SIGKILL') => {
      if (ended === null) child.kill(signal);
      await waitFor(`${command[0]} ends after ${signal}`, () => ended !== null);
    },
  };
}

/** Pipes are sockets, which can be unreferenced; Node's types do not say so. */
function unreference(stream: object): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
}
