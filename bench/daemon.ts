import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../lab/index.ts';
import { waitFor } from '../lab/index.ts';
import type { Profile } from '../src/core/profile.ts';
import { askDaemon } from '../src/daemon/control-client.ts';
import { controlSocket } from '../src/daemon/control-protocol.ts';
import { parseStatusReport } from '../src/status/parse-report.ts';

/** A running `wg-reach run` that is measured. */
export interface BenchDaemon {
  /** Of the daemon itself, which lives in the client's network namespace. */
  readonly pid: number;
  /** How many of its peers are up, as its log says: costs it nothing, and may be a little wrong where many change often. */
  up(): number;
  /** The same, asked over its socket; by its log where it is too busy to answer within half a minute. */
  countUp(): Promise<number>;
  /** Why it no longer runs, or null while it does. */
  ended(): string | null;
  /** The last lines of its log, as JSON. */
  log(): readonly string[];
  /** Resolves when it has ended by itself, or was killed because it did not. */
  stop(): Promise<void>;
}

/** How the daemon is to run. */
export interface BenchDaemonOptions {
  readonly profile: Profile['name'];
  /** For its configuration, state and socket; should be empty, so that nothing is remembered from before. */
  readonly directory: string;
  /** It is killed after this time. */
  readonly lifeMs: number;
  /** Lines of its log that are kept. Default 400. */
  readonly keptLines?: number;
}

const wgReach = fileURLToPath(new URL('../../bin/wg-reach', import.meta.url));
/** A thousand peers are a megabyte of JSON. */
const statusWithinMs = 30_000;
/** It takes a trial back before it ends, which may need two seconds; five times that on a busy machine. */
const farewellMs = 10_000;

/** Starts the daemon with a profile, and nothing else configured, on a machine of the lab. */
export async function startBenchDaemon(
  machine: Pick<Namespace, 'spawn'>,
  options: BenchDaemonOptions,
): Promise<BenchDaemon> {
  const { directory, profile, keptLines = 400 } = options;
  mkdirSync(directory, { recursive: true });
  const config = `${directory}/wg-reach.toml`;
  writeFileSync(config, `[defaults]\nprofile = "${profile}"\n`);
  const own = ['--config', config, '--state-dir', `${directory}/state`, '--runtime-dir', `${directory}/run`];
  const child = machine.spawn([process.execPath, wgReach, 'run', '--log-format', 'json', ...own], {
    timeoutMs: options.lifeMs,
  });
  const health = new Map<string, string>();
  const lines: string[] = [];
  let ended: string | null = null;
  child.stdout.resume();
  child.stdin.on('error', () => undefined);
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', (code, signal) => {
    ended = `ended with ${code ?? signal}`;
  });
  createInterface(child.stderr).on('line', (line) => {
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
    const change = parseHealthChange(line);
    if (change !== null) health.set(change.publicKey, change.to);
  });
  const why = () => (ended === null ? null : `wg-reach run ${ended}: ${lines.slice(-3).join(' ')}`);
  const countLogged = () => [...health.values()].filter((one) => one === 'up').length;
  const { pid } = child;
  if (pid === undefined) throw new Error('wg-reach run could not be started.');
  return {
    pid,
    up: countLogged,
    countUp: async () => {
      const path = join(directory, 'run', controlSocket);
      const answer = await askDaemon(path, { command: 'status' }, { timeoutMs: statusWithinMs });
      if (answer.kind !== 'result') return countLogged();
      const parsed = parseStatusReport(answer.result);
      if (parsed.kind !== 'ok') throw new Error(`The status of wg-reach run is damaged: ${parsed.detail}`);
      return parsed.report.peers.filter(({ health: one }) => one === 'up').length;
    },
    ended: why,
    log: () => [...lines],
    stop: async () => {
      if (ended === null) child.kill('SIGTERM');
      await waitFor('wg-reach run ends', () => ended !== null, farewellMs).catch(() => child.kill('SIGKILL'));
    },
  };
}

/** Waits until that many peers are up. Throws where it takes longer, with how many there were. */
export async function waitForUp(daemon: BenchDaemon, peers: number, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (daemon.up() < peers) {
    const ended = daemon.ended();
    if (ended !== null) throw new Error(ended);
    if (performance.now() > untilMs)
      throw new Error(
        `wg-reach found ${daemon.up()} of ${peers} peers up within ${Math.round(withinMs / 1_000)} s.`,
      );
    await sleep(20);
  }
}

/** Reads a line of the daemon's log that says that a peer's health changed; null for any other. */
export function parseHealthChange(line: string): { readonly publicKey: string; readonly to: string } | null {
  if (!line.includes('"health-changed"')) return null;
  try {
    const fields = new Map(Object.entries(JSON.parse(line) as object));
    const publicKey: unknown = fields.get('publicKey');
    const to: unknown = fields.get('to');
    return typeof publicKey === 'string' && typeof to === 'string' ? { publicKey, to } : null;
  } catch {
    return null;
  }
}
