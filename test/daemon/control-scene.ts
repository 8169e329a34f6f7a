import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlLimits } from '../../src/daemon/control-connection.ts';
import { type ControlPlace, claimControlPlace } from '../../src/daemon/control-place.ts';
import type { ControlCommand, ControlHandler } from '../../src/daemon/control-protocol.ts';
import { type ControlServer, startControlServer } from '../../src/daemon/control-server.ts';
import { createLog } from '../../src/daemon/log.ts';

/** A server, or why there is none. */
export type Started = ControlServer | Exclude<ControlPlace, { kind: 'claimed' }>;

/** A temporary directory with control servers in this process and in others, and raw clients. */
export interface ControlScene {
  readonly path: string;
  /** What the servers of this process logged. */
  readonly logged: string[];
  start(
    handlers?: Partial<Record<ControlCommand, ControlHandler>>,
    limits?: Partial<ControlLimits>,
  ): Promise<Started>;
  /** A server in a process of its own, listening when this settles. `compiled`: where `compileSources` put it. */
  startProcess(compiled: string): Promise<ChildProcess>;
  /** A process in a network namespace of its own that has claimed the place and does not listen there yet. */
  claimElsewhere(compiled: string): Promise<ChildProcess>;
  connect(): Promise<RawClient>;
  remove(): Promise<void>;
}

/** A client that says what it likes. */
export interface RawClient {
  readonly socket: net.Socket;
  /** Everything read, in lines, once the server has closed the connection. */
  readonly lines: Promise<Record<string, unknown>[]>;
  readonly closed: Promise<void>;
}

const says =
  (result: unknown): ControlHandler =>
  () => ({ kind: 'result', result });

export function createControlScene(): ControlScene {
  const base = mkdtempSync(join(tmpdir(), 'wg-reach-control-'));
  const path = join(base, 'run', 'control.sock');
  const logged: string[] = [];
  const servers: ControlServer[] = [];
  const children: ChildProcess[] = [];
  const sockets: net.Socket[] = [];
  const log = createLog({
    format: 'text',
    journald: true,
    verbose: true,
    write: (line) => logged.push(line),
  });

  function untilSaid(prefix: readonly string[], code: string, word: string): Promise<ChildProcess> {
    const [file = '', ...args] = [...prefix, process.execPath, '--input-type=module', '--eval', code];
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 90_000,
      killSignal: 'SIGKILL',
    });
    children.push(child);
    return new Promise((resolve, reject) => {
      child.on('exit', () => reject(new Error('the server process ended')));
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes(word)) resolve(child);
      });
    });
  }

  return {
    path,
    logged,
    async start(handlers = {}, limits = {}) {
      const all = {
        status: says('status'),
        pause: says('pause'),
        resume: says('resume'),
        repair: says('repair'),
        reload: says('reload'),
        'one-shot': says('one-shot'),
        ...handlers,
      };
      const place = await claimControlPlace(path);
      if (place.kind !== 'claimed') return place;
      const server = await startControlServer(place, { handlers: all, log, limits });
      servers.push(server);
      return server;
    },
    startProcess(compiled) {
      const code = `
        const { startControlServer } = await import(${JSON.stringify(join(compiled, 'src/daemon/control-server.js'))});
        const { claimControlPlace } = await import(${JSON.stringify(join(compiled, 'src/daemon/control-place.js'))});
        const { createLog } = await import(${JSON.stringify(join(compiled, 'src/daemon/log.js'))});
        const log = createLog({ format: 'text', journald: false, verbose: true, write: () => {} });
        const status = () => ({ kind: 'result', result: process.pid });
        const handlers = { status, pause: status, resume: status, repair: status, reload: status, 'one-shot': status };
        const place = await claimControlPlace(${JSON.stringify(path)});
        const server = place.kind === 'claimed' ? await startControlServer(place, { handlers, log }) : place;
        console.log(server.kind);
        if (server.kind === 'listening') setTimeout(() => process.exit(), 60_000);`;
      return untilSaid([], code, 'listening');
    },
    claimElsewhere(compiled) {
      const code = `
        const { claimControlPlace } = await import(${JSON.stringify(join(compiled, 'src/daemon/control-place.js'))});
        const place = await claimControlPlace(${JSON.stringify(path)});
        console.log(place.kind);
        setTimeout(() => process.exit(), 60_000);`;
      return untilSaid(['unshare', '--net'], code, 'claimed');
    },
    connect() {
      return new Promise((resolve, reject) => {
        const socket = net.connect({ path, allowHalfOpen: true });
        sockets.push(socket);
        let text = '';
        const closed = new Promise<void>((done) => {
          socket.on('end', () => done());
          socket.on('close', () => done());
        });
        const lines = closed.then(() =>
          text
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line)),
        );
        lines.catch(() => {});
        socket.on('data', (chunk) => {
          text += chunk.toString();
        });
        socket.on('error', reject);
        socket.on('connect', () => resolve({ socket, lines, closed }));
      });
    },
    async remove() {
      for (const socket of sockets) socket.destroy();
      for (const child of children) child.kill('SIGKILL');
      for (const server of servers) if (server.kind === 'listening') await server.close();
      if (existsSync(base)) rmSync(base, { recursive: true });
    },
  };
}
