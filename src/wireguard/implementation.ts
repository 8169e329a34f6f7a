import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { showField, type WgOptions } from './tool.ts';

/**
 * Who serves an interface: the kernel, a process like wireguard-go, or boringtun, which panics when the
 * endpoint of a peer it knows is set.
 */
export type Implementation = 'kernel' | 'userspace' | 'boringtun';

/** Where userspace implementations put `<interface>.sock`; `wg` looks nowhere else. */
const socketDirectory = '/var/run/wireguard';

/**
 * Finds out who serves the interface. Ask before the first write to it, and do not write to `boringtun`.
 *
 * Two signs of boringtun: the name of the process that owns the interface's socket, and, where that process
 * cannot be found, that `wg show … public-key` prints `(none)`: boringtun answers with a field `wg` does not
 * know. Everything else with a socket is `userspace`. An interface that is not there counts as `kernel`.
 */
export async function readImplementation(interfaceName: string, options: WgOptions): Promise<Implementation> {
  const owners = await readSocketOwners(interfaceName);
  if (owners === null) return 'kernel';
  if (owners.some((name) => /boringtun/i.test(name))) return 'boringtun';
  if (owners.some((name) => /wireguard-go|amneziawg-go/i.test(name))) return 'userspace';
  const publicKey = await showField(interfaceName, 'public-key', options);
  return publicKey.kind === 'ok' && publicKey.stdout.trim() === '(none)' ? 'boringtun' : 'userspace';
}

/**
 * The names of the processes that serve the interface, for whoever needs to know exactly: `wireguard-go`. Null if there
 * is no socket, so that the kernel serves it. Empty if they cannot be found.
 */
export async function readSocketOwners(interfaceName: string): Promise<readonly string[] | null> {
  const socketPath = `${socketDirectory}/${interfaceName}.sock`;
  const isSocket = await stat(socketPath).then(
    (found) => found.isSocket(),
    () => false,
  );
  return isSocket ? findSocketOwners(interfaceName) : null;
}

/**
 * The names of the processes that hold the interface's socket open, by the process's own name and by its
 * program file. Empty if they cannot be found: no permission, or a process of another network or process
 * namespace, since the kernel lists sockets by network namespace.
 */
async function findSocketOwners(interfaceName: string): Promise<string[]> {
  const table = await readFile('/proc/self/net/unix', 'utf8').catch(() => '');
  const links = new Set(socketInodes(table, interfaceName).map((inode) => `socket:[${inode}]`));
  if (links.size === 0) return [];
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^[0-9]+$/.test(entry));
  const names = await Promise.all(
    pids.map(async (pid) => ((await holdsAny(pid, links)) ? processNames(pid) : [])),
  );
  return names.flat();
}

/** The inodes of the sockets bound to `…/wireguard/<interface>.sock` in the text of /proc/net/unix. */
export function socketInodes(table: string, interfaceName: string): string[] {
  const suffix = `/wireguard/${interfaceName}.sock`;
  return table.split('\n').flatMap((line) => {
    // Num RefCount Protocol Flags Type St Inode Path; the path may hold spaces.
    const match = /^(?:\S+\s+){6}([0-9]+)\s(.*)$/.exec(line);
    return match?.[1] !== undefined && match[2]?.endsWith(suffix) ? [match[1]] : [];
  });
}

async function holdsAny(pid: string, links: ReadonlySet<string>): Promise<boolean> {
  const directory = `/proc/${pid}/fd`;
  const fds = await readdir(directory).catch(() => []);
  for (const fd of fds) {
    const target = await readlink(`${directory}/${fd}`).catch(() => '');
    if (links.has(target)) return true;
  }
  return false;
}

async function processNames(pid: string): Promise<string[]> {
  const [comm, exe] = await Promise.all([
    readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
    readlink(`/proc/${pid}/exe`).catch(() => ''),
  ]);
  return [comm.trim(), basename(exe)].filter((name) => name !== '');
}
