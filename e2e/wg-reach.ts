import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab/index.ts';
import { waitFor } from '../lab/index.ts';
import { registryDirectory } from '../lab/registry.ts';

/** The program as a user runs it: the built one. */
export const program = fileURLToPath(new URL('../bin/wg-reach', import.meta.url));
/** The name that the peers are given in the lab's DNS. */
export const hostName = 'vpn.example.test';

/** How one run ended. */
export interface Run {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output and standard error in the order of their arrival, for the message of a failed test. */
  readonly said: string;
  /** Wall time of the whole process, `ip netns exec` included. */
  readonly ms: number;
}

/** A run under way. */
export interface Started {
  /** Resolves when the output so far matches; throws if the run ends or 40 s pass before. */
  until(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly pid: number;
  readonly ended: Promise<Run>;
}

/** Changes to how a run is started. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Put in front of the program, for instance `setpriv`. */
  readonly prefix?: readonly string[];
  /** Without the `wg` that counts, for measured times. */
  readonly plainWg?: boolean;
  /** Default: the program in this checkout. */
  readonly program?: string;
}

/** `wg-reach` on the lab's client, with directories of its own and a `wg` that notes what is set. */
export interface WgReach {
  readonly stateDirectory: string;
  readonly runtimeDirectory: string;
  /** A place for files of the test, removed with the lab. */
  readonly scratchDirectory: string;
  /** The drop-in form's arguments for that peer of the lab. */
  dropIn(peer?: number): string[];
  /** Runs it to its end. Throws if it prints a stack trace or one of the interface's secrets. */
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  start(args: readonly string[], options?: RunOptions): Started;
  /** The endpoints that were set since the last `reset`, in order, by the program's own calls of `wg set`. */
  sets(): string[];
  /** Lines of shell that run right before each of the program's `wg set`; `$WG` is the real one. Empty: none. */
  beforeSet(lines: string): void;
  /** Forgets the sets, the state directory and what `beforeSet` was told. */
  reset(): void;
}

const runTimeoutMs = 90_000;
const untilMs = 40_000;

/** Puts the program on the lab's client. */
export async function createWgReach(lab: Lab): Promise<WgReach> {
  if (!existsSync(fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url)))) {
    throw new Error('The program is not built: run "npm run build".');
  }
  const scratchDirectory = `${registryDirectory}/${lab.id}/reach`;
  const stateDirectory = `${scratchDirectory}/state`;
  const runtimeDirectory = `${scratchDirectory}/run`;
  const log = `${scratchDirectory}/sets`;
  mkdirSync(`${scratchDirectory}/bin`, { recursive: true });
  const wg = realWg();
  const secrets = await secretsOf(lab);

  function writeWrapper(hook: string): void {
    const lines = [
      '#!/bin/sh',
      `WG=${wg}`,
      `if [ "$1" = set ]; then echo "$*" >> ${log}`,
      hook,
      'fi',
      'exec $WG "$@"',
    ];
    writeFileSync(`${scratchDirectory}/bin/wg`, `${lines.join('\n')}\n`);
    chmodSync(`${scratchDirectory}/bin/wg`, 0o755);
  }
  writeWrapper('');

  function start(args: readonly string[], options: RunOptions = {}): Started {
    const directories = {
      '--state-dir': stateDirectory,
      '--runtime-dir': runtimeDirectory,
    };
    const command = [
      ...(options.prefix ?? []),
      options.program ?? program,
      ...args,
      ...Object.entries(directories).flatMap((pair) => (args.includes(pair[0]) ? [] : pair)),
    ];
    const path = options.plainWg ? {} : { PATH: `${scratchDirectory}/bin:${systemPath()}` };
    const child = lab.client.spawn(command, { timeoutMs: runTimeoutMs, env: { ...path, ...options.env } });
    return watched(child, secrets);
  }

  return {
    stateDirectory,
    runtimeDirectory,
    scratchDirectory,
    dropIn: (peer = 0) => [
      ...['--interface', lab.interface, '--peer', lab.peerKey(peer)],
      ...['--host', hostName, '--port', String(lab.port)],
    ],
    run: (args, options) => start(args, options).ended,
    start,
    sets: () =>
      readText(log)
        .split('\n')
        .flatMap((line) => / endpoint (\S+)$/.exec(line)?.[1] ?? []),
    beforeSet: writeWrapper,
    reset() {
      rmSync(log, { force: true });
      rmSync(stateDirectory, { recursive: true, force: true });
      writeWrapper('');
    },
  };
}

function watched(child: ChildProcessWithoutNullStreams, secrets: readonly string[]): Started {
  const startedMs = performance.now();
  let stdout = '';
  let stderr = '';
  let said = '';
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    said += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end();
  const ended = new Promise<Run>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      over = true;
      const run = { code, stdout, stderr, said, ms: performance.now() - startedMs };
      const fault = faultIn(said, secrets);
      if (fault === null) resolve(run);
      else reject(new Error(`The program printed ${fault}:\n${said}`));
    });
  });
  // A test that fails first does not wait for it.
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => child.kill(signal),
    until: async (pattern) => {
      await waitFor(
        `the program prints ${pattern}`,
        () => {
          if (pattern.test(said)) return true;
          if (over) throw new Error(`The program ended without printing ${pattern}:\n${said}`);
          return false;
        },
        untilMs,
      );
    },
  };
}

function faultIn(said: string, secrets: readonly string[]): string | null {
  if (/^\s+at .+:\d+:\d+\)?$/m.test(said) || said.includes('this is a bug')) return 'a stack trace or a bug';
  return secrets.some((secret) => said.includes(secret)) ? 'a secret' : null;
}

async function secretsOf(lab: Lab): Promise<string[]> {
  const show = (what: string) => lab.client.exec(['wg', 'show', lab.interface, what]);
  const [own, shared] = await Promise.all([show('private-key'), show('preshared-keys')]);
  const peers = shared.stdout.split('\n').map((line) => line.split('\t')[1] ?? '');
  return [own.stdout.trim(), ...peers].filter((secret) => secret !== '' && secret !== '(none)');
}

function realWg(): string {
  const directory = systemPath()
    .split(':')
    .find((each) => existsSync(`${each}/wg`));
  if (directory === undefined) throw new Error('The program wg is missing.');
  return `${directory}/wg`;
}

function systemPath(): string {
  return `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
