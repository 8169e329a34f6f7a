import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Two network namespaces, `near` and `far`, joined by nothing yet. */
export interface Namespaces {
  readonly near: string;
  readonly far: string;
  /** Runs a command in one of them and gives its output; throws if it fails. */
  run(namespace: string, ...command: string[]): string;
  /** Moves this process's main thread into a namespace: sockets and children made from now on are there. */
  enter(namespace: string): void;
  /** Moves back. */
  leave(): void;
  remove(): void;
}

const prefix = 'wgrsock';

/**
 * Makes the namespaces. They are removed when the process ends, and those of a process that was killed are
 * removed by the next call: their names carry the owner's id.
 */
export function createNamespaces(): Namespaces {
  sweep();
  const near = `${prefix}-${process.pid}-near`;
  const far = `${prefix}-${process.pid}-far`;
  for (const name of [near, far]) run('ip', 'netns', 'add', name);
  const home = openSync('/proc/self/ns/net', 'r');
  const remove = (): void => {
    for (const name of [near, far]) spawnSync('ip', ['netns', 'delete', name]);
  };
  process.once('exit', remove);
  return {
    near,
    far,
    run: (namespace, ...command) => run('ip', 'netns', 'exec', namespace, ...command),
    enter(namespace) {
      const fd = openSync(`/run/netns/${namespace}`, 'r');
      moveTo(fd);
      closeSync(fd);
    },
    leave: () => moveTo(home),
    remove() {
      process.off('exit', remove);
      moveTo(home);
      closeSync(home);
      remove();
    },
  };
}

function sweep(): void {
  if (!existsSync('/run/netns')) return;
  for (const name of readdirSync('/run/netns')) {
    const [, pid] = new RegExp(`^${prefix}-(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) spawnSync('ip', ['netns', 'delete', name]);
  }
}

function run(...[file = '', ...args]: string[]): string {
  const result = spawnSync(file, args, { encoding: 'utf8', timeout: 20_000 });
  if (result.status !== 0) throw new Error(`${file} ${args.join(' ')}: ${result.stderr || result.error}`);
  return result.stdout;
}

let setns: ((fd: number, kind: number) => number) | undefined;

function moveTo(fd: number): void {
  if (!setns) {
    const koffi = createRequire(import.meta.url)('koffi') as {
      load(path: null): { func(prototype: string): (fd: number, kind: number) => number };
    };
    setns = koffi.load(null).func('int setns(int, int)');
  }
  const CLONE_NEWNET = 0x40000000;
  if (setns(fd, CLONE_NEWNET) !== 0) throw new Error('setns failed: the test needs root');
}
