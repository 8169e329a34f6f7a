import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab/index.ts';
import { registryDirectory } from '../lab/registry.ts';
import type { Recovery } from '../src/wireguard/reset/recover-resets.ts';
import type { ResetResult } from '../src/wireguard/reset/reset-session.ts';

/** What one life of the test program did. */
export interface Life<T> {
  /** Null if it was killed. */
  readonly result: T | null;
  /** From the call to its result, without the start of Node. */
  readonly ms: number;
  /** The steps it came to, by name. */
  readonly steps: readonly string[];
  /** All it printed, and what the steps were. */
  readonly said: string;
}

/** How a life is to go. */
export interface LifeOptions {
  /** Default: the lab's. */
  readonly interface?: string;
  readonly endpoint?: string;
  readonly timeoutMs?: number;
  /** Dies by SIGKILL there: the number of the step, counted from 0. */
  readonly stop?: { readonly step: number; readonly when: 'before' | 'after' };
  /** Lines of shell in place of `wg set`; `$WG` is the real one, `$PPID` the program. */
  readonly atSet?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program in the lab's client that calls the built `resetSession` and `recoverResets`. */
export interface ResetProgram {
  readonly journalDirectory: string;
  /** What lies in the journal directory. */
  journalFiles(): string[];
  reset(options?: LifeOptions): Promise<Life<ResetResult>>;
  recover(options?: LifeOptions): Promise<Life<readonly Recovery[]>>;
}

const built = fileURLToPath(new URL('../dist/src/wireguard/', import.meta.url));

/** Prints every step as it begins, so that they are known also of a life that was cut short. */
const program = `
const [directory, text] = process.argv.slice(2);
const { action, request, stop } = JSON.parse(text);
const { createResetHost } = await import(directory + 'reset/host.js');
const { resetSession } = await import(directory + 'reset/reset-session.js');
const { recoverResets } = await import(directory + 'reset/recover-resets.js');
const { parseEndpoint } = await import(directory + 'endpoint.js');
let count = 0;
const die = () => process.kill(process.pid, 'SIGKILL');
const cut = (name, work) => async (...args) => {
  const step = count++;
  console.log('step ' + name);
  if (stop?.step === step && stop.when === 'before') die();
  const result = await work(...args);
  if (stop?.step === step) die();
  return result;
};
const real = createResetHost(request.journalDirectory);
const wrap = (object, prefix) =>
  Object.fromEntries(
    Object.entries(object).map(([name, work]) => {
      if (name === 'fileOf') return [name, work];
      return [name, typeof work === 'function' ? cut(prefix + name, work) : wrap(work, name + '.')];
    }),
  );
const host = wrap(real, '');
const startedMs = performance.now();
const result =
  action === 'reset'
    ? await resetSession({ ...request, endpoint: parseEndpoint(request.endpoint) }, host)
    : await recoverResets(request, host);
console.log('result ' + JSON.stringify({ result, ms: performance.now() - startedMs }));
`;

/** Puts it on the lab's client. */
export async function createResetProgram(lab: Lab): Promise<ResetProgram> {
  if (!existsSync(`${built}reset/reset-session.js`)) {
    throw new Error('The program is not built: run "npm run build".');
  }
  const scratch = `${registryDirectory}/${lab.id}/reset`;
  const journalDirectory = `${scratch}/run`;
  mkdirSync(`${scratch}/bin`, { recursive: true });
  writeFileSync(`${scratch}/program.mjs`, program);
  const wg = (await lab.client.exec(['which', 'wg'])).stdout.trim();

  async function live<T>(action: string, options: LifeOptions): Promise<Life<T>> {
    const lines = [
      '#!/bin/sh',
      `WG=${wg}`,
      `if [ "$1" = set ]; then :; ${options.atSet ?? ''}`,
      'fi',
      'exec $WG "$@"',
    ];
    writeFileSync(`${scratch}/bin/wg`, `${lines.join('\n')}\n`);
    chmodSync(`${scratch}/bin/wg`, 0o755);
    const request = {
      interface: options.interface ?? lab.interface,
      peer: lab.peerKey(),
      endpoint: options.endpoint ?? lab.endpoint('v4'),
      journalDirectory,
      timeoutMs: options.timeoutMs ?? 20_000,
    };
    const command = [process.execPath, `${scratch}/program.mjs`, built];
    const path = options.atSet === undefined ? {} : { PATH: `${scratch}/bin:${process.env.PATH}` };
    const run = await lab.client.exec([...command, JSON.stringify({ action, request, stop: options.stop })], {
      env: { ...path, ...options.env },
      timeoutMs: 120_000,
    });
    const said = `${run.stdout}${run.stderr}`;
    const steps = [...run.stdout.matchAll(/^step (\S+)$/gm)].map((match) => match[1] ?? '');
    const line = /^result (.*)$/m.exec(run.stdout)?.[1];
    const killed = options.stop !== undefined || options.atSet?.includes('kill -9 $PPID') === true;
    if (line === undefined && !killed) throw new Error(`the program ended by itself: ${said}`);
    const ended = JSON.parse(line ?? '{"result":null,"ms":0}') as { result: T | null; ms: number };
    return { ...ended, steps, said };
  }

  return {
    journalDirectory,
    journalFiles: () => (existsSync(journalDirectory) ? readdirSync(journalDirectory) : []),
    reset: (options = {}) => live('reset', options),
    recover: (options = {}) => live('recover', options),
  };
}
