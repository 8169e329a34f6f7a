import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';

const networkNamespace = 0x40000000; // CLONE_NEWNET

let setns: ((fd: number, kind: number) => number) | undefined;

/**
 * Moves this process's main thread into a named network namespace: sockets and children made from now on are there.
 * Returns what moves it back. Throws without root.
 */
export function enterNamespace(name: string): () => void {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  move(`/run/netns/${name}`);
  return () => {
    if (load()(home, networkNamespace) !== 0) throw new Error('The way back out of the namespace is lost.');
    closeSync(home);
  };
}

function move(path: string): void {
  const fd = openSync(path, 'r');
  const failed = load()(fd, networkNamespace) !== 0;
  closeSync(fd);
  if (failed) throw new Error(`Entering ${path} failed: the test needs root.`);
}

function load(): (fd: number, kind: number) => number {
  if (setns === undefined) {
    const koffi = createRequire(import.meta.url)('koffi') as {
      load(path: null): { func(prototype: string): (fd: number, kind: number) => number };
    };
    setns = koffi.load(null).func('int setns(int, int)');
  }
  return setns;
}
