import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Lab, LabOptions } from '../../lab/index.ts';
import { waitFor } from '../../lab/index.ts';
import { askDaemon } from '../../src/daemon/control-client.ts';
import { parseStatusReport } from '../../src/status/parse-report.ts';
import type { Health, PeerStatus, StatusReport } from '../../src/status/report.ts';
import type { Scene } from '../scene.ts';
import { createScene } from '../scene.ts';
import { slowness } from '../slowness.ts';
import type { Run, WgReach } from '../wg-reach.ts';
import { createWgReach, hostName } from '../wg-reach.ts';

/** One line of the daemon's log, as `--log-format json` writes it. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly message: string | null;
  readonly publicKey: string | null;
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly proof?: string;
}

/** A daemon that runs on the lab's client. */
export interface Daemon {
  readonly pid: number;
  /** What it logged so far, or only the lines of one event. */
  lines(event?: string): readonly LogLine[];
  /** Waits for a line of that event whose message matches, from the line of that number on (default 0). */
  untilLine(event: string, message?: RegExp, from?: number, withinMs?: number): Promise<LogLine>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<Run>;
  /** Ends it with SIGTERM; fails unless it ends with 0 and all that it left behind is as it should be. */
  stop(): Promise<Run>;
}

/** How a daemon is started. */
export interface DaemonOptions {
  /** Text of its configuration file. Default: the profile `fast`. */
  readonly config?: string;
  /** In front of the directory with the `wg` that notes what is set. */
  readonly path?: string;
  readonly args?: readonly string[];
  /** Default true: wait for the line that says that it watches. */
  readonly wait?: boolean;
}

/** A scene where the daemon can run. */
export interface DaemonScene extends Scene {
  readonly configFile: string;
  startDaemon(options?: DaemonOptions): Promise<Daemon>;
  /**
   * The usual beginning: the first peer's name in its wg-quick file, a live session, a daemon that has proven it.
   */
  begin(options?: DaemonOptions): Promise<Daemon>;
  status(): Promise<StatusReport>;
  /** What the daemon says of a peer of the lab; undefined if it does not manage it. */
  peer(index?: number): Promise<PeerStatus | undefined>;
  /** Waits until the daemon says so of that peer (default: the first, 30 s). */
  untilHealth(health: Health, peer?: number, withinMs?: number): Promise<PeerStatus>;
  /** Waits until `wg` has that endpoint; resolves with the time that took. */
  untilEndpoint(endpoint: string, withinMs?: number, peer?: number): Promise<number>;
}

/** How long a test of the daemon may take: the slowest waits for two fail-backs, and others run beside it. */
export const inMinutes = { timeout: 300_000 * slowness };

/** The daemon of a test runs for minutes; it dies with its lab in any case. */
const daemonTimeoutMs = 400_000;
/** Distance of two looks, each of which costs a process or a question to the daemon. */
const lookEveryMs = 50 * slowness;
const proofs = ['echo', 'counters', 'handshake'];

/** For tests that run side by side because they mostly wait: a scene for one test, with the name in its file. */
export function withDaemon(
  options: LabOptions,
  body: (scene: DaemonScene) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const scene = await createScene({ persistentKeepaliveS: 25, ...options });
    const logs: (() => string)[] = [];
    try {
      await body(await daemonScene(scene, logs));
    } catch (error) {
      console.error(
        [`${error}`, ...logs.map((log, index) => `Log of daemon ${index + 1}:\n${log()}`)].join('\n'),
      );
      throw error;
    } finally {
      await scene.lab.close();
    }
  };
}

/** `logs` gets a function for each daemon that is started, which gives what it wrote so far. */
async function daemonScene(scene: Scene, logs: (() => string)[]): Promise<DaemonScene> {
  const { lab } = scene;
  const children: ReturnType<Lab['client']['spawn']>[] = [];
  const reach = await createWgReach({
    ...lab,
    client: {
      ...lab.client,
      spawn: (command, options) => {
        const child = lab.client.spawn(command, { ...options, timeoutMs: daemonTimeoutMs });
        children.push(child);
        return child;
      },
    },
  });
  const configFile = `${reach.scratchDirectory}/wg-reach.toml`;
  const socket = `${reach.runtimeDirectory}/control.sock`;

  async function status(): Promise<StatusReport> {
    const answer = await askDaemon(socket, { command: 'status' }, { timeoutMs: 5_000 * slowness });
    const parsed = answer.kind === 'result' ? parseStatusReport(answer.result) : null;
    if (parsed?.kind === 'ok') return parsed.report;
    throw new Error(`The daemon gave no report: ${JSON.stringify(answer)}`);
  }

  async function peer(index = 0): Promise<PeerStatus | undefined> {
    return (await status()).peers.find(({ publicKey }) => publicKey === lab.peerKey(index));
  }

  async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
    writeFileSync(configFile, options.config ?? '[defaults]\nprofile = "fast"\n');
    const path = `${options.path ?? ''}${reach.scratchDirectory}/bin:${process.env.PATH}`;
    const args = ['run', '--config', configFile, '--log-format', 'json', ...(options.args ?? [])];
    const started = reach.start(args, { env: { PATH: path } });
    let text = '';
    children.at(-1)?.stderr.on('data', (part: string) => {
      text += part;
    });
    logs.push(() => text);
    const lines = (event?: string): LogLine[] =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line): LogLine => JSON.parse(line))
        .filter((line) => event === undefined || line.event === event);
    const daemon: Daemon = {
      pid: started.pid,
      lines,
      untilLine: (event, message = /./, from = 0, withinMs = 30_000 * slowness) =>
        waitFor(
          `the daemon logs "${event}", ${message}`,
          () =>
            lines(event)
              .slice(from)
              .find((line) => message.test(line.message ?? '')),
          withinMs,
          20,
        ),
      kill: started.kill,
      ended: started.ended,
      stop: async () => {
        started.kill('SIGTERM');
        const run = await started.ended;
        expect(run.code, run.said).toBe(0);
        expectReasons(lines('endpoint-switched'), text);
        await expectNoSecrets(lab, reach);
        return run;
      },
    };
    if (options.wait !== false) await daemon.untilLine('started');
    return daemon;
  }

  const untilHealth: DaemonScene['untilHealth'] = (health, index = 0, withinMs = 30_000 * slowness) =>
    waitFor(
      `peer ${index} is ${health}`,
      async () => {
        const found = await peer(index);
        return found?.health === health ? found : null;
      },
      withinMs,
      lookEveryMs,
    );

  return {
    ...scene,
    reach,
    configFile,
    startDaemon,
    begin: async (options) => {
      lab.writeConfig({ endpointName: hostName, allowedIps: ['10.77.0.1/24'] });
      await lab.connect();
      const daemon = await startDaemon(options);
      await untilHealth('up');
      return daemon;
    },
    untilHealth,
    status,
    peer,
    untilEndpoint: async (endpoint, withinMs = 30_000 * slowness, index = 0) => {
      const startedMs = performance.now();
      await waitFor(
        `the endpoint is ${endpoint}`,
        async () => (await lab.wg.endpoint(index)) === endpoint,
        withinMs,
        lookEveryMs,
      );
      return performance.now() - startedMs;
    },
  };
}

/** Each switch says from where, to where, what condemned the old endpoint and what proved the new one. */
function expectReasons(switches: readonly LogLine[], text: string): void {
  for (const { from, to, reason, proof, message } of switches) {
    expect(from, text).toMatch(/:\d+$/);
    expect(to, text).toMatch(/:\d+$/);
    // A sentence, not the name of a state.
    expect(reason, text).toMatch(/\w \w/);
    expect(proofs, text).toContain(proof);
    for (const word of [from, to, reason, proof]) expect(message).toContain(word);
  }
}

/** Neither a private nor a preshared key is in a file of the daemon, nor in a call of `wg` that it made. */
async function expectNoSecrets(lab: Lab, reach: WgReach): Promise<void> {
  const show = async (what: string) => {
    const { stdout } = await lab.client.exec(['wg', 'show', lab.interface, what]);
    return stdout.trim().split(/\s+/);
  };
  const keys = new Set(await show('peers'));
  const secrets = [...(await show('private-key')), ...(await show('preshared-keys'))].filter(
    (text) => /^[\w+/]{43}=$/.test(text) && !keys.has(text),
  );
  for (const file of filesBelow(reach.scratchDirectory)) {
    const text = readFileSync(file, 'utf8');
    expect(
      secrets.filter((secret) => text.includes(secret)),
      file,
    ).toEqual([]);
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) return filesBelow(path);
    return found?.isFile() ? [path] : [];
  });
}
