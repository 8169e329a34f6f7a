import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ProgramResult, runProgram } from '../src/host/program.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** One network namespace with wireguard-go interfaces, and our own code compiled so that Node can run it there. */
export interface WireGuardNamespace {
  readonly name: string;
  /** A directory that everybody may read, removed at the end. */
  readonly directory: string;
  /** Runs a program inside and returns its standard output; throws if it does not end with 0. */
  run(file: string, ...args: string[]): Promise<string>;
  /** Starts wireguard-go for a new interface and returns the interface's name once it is there. */
  addInterface(): Promise<string>;
  /** Starts a program inside that stays until the end of the test. */
  start(file: string, ...args: string[]): ChildProcess;
  /** Calls an exported function of src/ inside, and returns what it returned, maps as plain objects. */
  call(module: string, name: string, args: readonly unknown[], options?: CallOptions): Promise<unknown>;
  close(): Promise<void>;
}

/** How our code is run inside. */
export interface CallOptions {
  /** Put first in PATH, or instead of it. */
  readonly path?: string;
  /** The command that leads into the namespace, if not `ip netns exec`. */
  readonly enter?: readonly string[];
}

/** Removes everything as soon as its standard input ends: that is also when the test's process is killed. */
const keeper = `
const { spawnSync } = require('node:child_process');
const { rmSync } = require('node:fs');
const [name, directory] = process.argv.slice(1);
process.stdin.resume();
process.stdin.on('end', () => {
  const pids = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).stdout.split('\\n').filter(Boolean);
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    for (const pid of pids) try { process.kill(Number(pid), signal); } catch {}
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  }
  spawnSync('ip', ['netns', 'del', name]);
  for (const path of [directory, '/etc/netns/' + name]) rmSync(path, { recursive: true, force: true });
});
`;

const driver = `
const [module, name, args] = process.argv.slice(2);
const exported = await import(module);
const result = await exported[name](...JSON.parse(args));
console.log(JSON.stringify(result, (_key, value) => (value instanceof Map ? Object.fromEntries(value) : value)));
`;

let created = 0;

/** Makes a namespace with loopback up. Needs root, `ip`, `wg` and `wireguard-go`. */
export async function createWireGuardNamespace(): Promise<WireGuardNamespace> {
  created += 1;
  const name = `wgr-e${process.pid}-${created}`;
  const directory = mkdtempSync(join(tmpdir(), `${name}-`));
  chmodSync(directory, 0o755);
  const guard = spawn(process.execPath, ['-e', keeper, name, directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  compileInto(directory);
  const outside = async (...args: string[]): Promise<string> =>
    output(args, await runProgram('ip', args, { timeoutMs: 20_000 }));
  await outside('netns', 'add', name);
  await outside('-n', name, 'link', 'set', 'lo', 'up');
  let interfaces = 0;

  const run = async (file: string, ...args: string[]): Promise<string> =>
    output(
      [file, ...args],
      await runProgram('ip', ['netns', 'exec', name, file, ...args], { timeoutMs: 20_000 }),
    );
  const start = (file: string, ...args: string[]): ChildProcess =>
    spawn('ip', ['netns', 'exec', name, file, ...args], {
      stdio: 'ignore',
      env: { ...process.env, LOG_LEVEL: 'silent' },
    });

  return {
    name,
    directory,
    run,
    start,
    async addInterface() {
      interfaces += 1;
      const interfaceName = `we${process.pid}-${created}${String.fromCharCode(96 + interfaces)}`;
      start('wireguard-go', '-f', interfaceName);
      for (let tries = 0; !existsSync(`/var/run/wireguard/${interfaceName}.sock`); tries += 1) {
        if (tries > 500) throw new Error(`wireguard-go did not start ${interfaceName}`);
        await sleep(20);
      }
      return interfaceName;
    },
    async call(module, functionName, args, options = {}) {
      const [file = 'ip', ...enter] = options.enter ?? ['ip', 'netns', 'exec', name];
      const path = options.path ?? process.env.PATH ?? '';
      const command = [
        ...enter,
        'env',
        `PATH=${path}`,
        process.execPath,
        join(directory, 'driver.mjs'),
        join(directory, 'built', module),
        functionName,
        JSON.stringify(args),
      ];
      const stdout = output([file, ...command], await runProgram(file, command, { timeoutMs: 60_000 }));
      return JSON.parse(stdout) as unknown;
    },
    async close() {
      const ended = new Promise((resolve) => guard.once('exit', resolve));
      guard.stdin?.end();
      await ended;
    },
  };
}

function compileInto(directory: string): void {
  const project = join(directory, 'tsconfig.json');
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.build.json'),
      compilerOptions: {
        rootDir: join(root, 'src'),
        outDir: join(directory, 'built'),
        typeRoots: [join(root, 'node_modules/@types')],
        incremental: false,
        tsBuildInfoFile: null,
        declaration: false,
        sourceMap: false,
      },
      include: [join(root, 'src/wireguard'), join(root, 'src/resolve')],
    }),
  );
  const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
    encoding: 'utf8',
  });
  if (!existsSync(join(directory, 'built/wireguard/facts.js'))) throw new Error(`tsc: ${tsc.stdout}`);
  // A copy, since an unprivileged user may not be able to reach the checkout.
  mkdirSync(join(directory, 'node_modules'));
  cpSync(join(root, 'node_modules/ipaddr.js'), join(directory, 'node_modules/ipaddr.js'), {
    recursive: true,
  });
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  writeFileSync(join(directory, 'driver.mjs'), driver);
}

function output(command: readonly string[], result: ProgramResult): string {
  if (result.kind === 'exited' && result.code === 0) return result.stdout;
  throw new Error(`${command.join(' ')}: ${JSON.stringify(result)}`);
}
