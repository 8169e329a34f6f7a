import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { ipBatch } from './namespace.ts';
import { waitFor } from './wait.ts';

/**
 * Where each lab has a directory, named like the lab, from before its first namespace until after its last.
 */
export const registryDirectory = '/run/wg-reach-lab';
const namespaceDirectory = '/run/netns';
const namespaceFilesDirectory = '/etc/netns';
/** Where userspace WireGuard keeps its sockets, for all network namespaces of the machine. */
export const wireguardSocketDirectory = '/var/run/wireguard';

/**
 * Takes a name for a lab that no other lab on this machine has, `wr<pid>x<number>`, and notes who owns it.
 * At most 12 characters, so that three remain of the fifteen that an interface may have.
 */
export function registerLab(): string {
  mkdirSync(registryDirectory, { recursive: true, mode: 0o700 });
  for (let number = 0; ; number += 1) {
    const id = `wr${process.pid}x${number}`;
    const directory = `${registryDirectory}/${id}`;
    try {
      mkdirSync(directory, { mode: 0o700 });
    } catch (error) {
      if (isCode(error, 'EEXIST')) continue;
      throw error;
    }
    writeFileSync(`${directory}/owner`, ownerMark(process.pid) ?? '');
    return id;
  }
}

/**
 * Removes what labs have left whose owner is dead: killed, crashed, or of an earlier boot. Returns their
 * names.
 */
export async function sweepDeadLabs(): Promise<string[]> {
  const dead = list(registryDirectory).filter((id) => /^wr\d+x\d+$/.test(id) && !hasLiveOwner(id));
  // One that resists must not save the others; it is tried again the next time.
  for (const id of dead) await removeLab(id).catch(() => undefined);
  return dead;
}

/**
 * Removes everything that bears the lab's name: the processes in its namespaces (by id), the namespaces,
 * their files in /etc/netns, leftover WireGuard sockets, the registry entry. May run twice, also at the same
 * time.
 */
export async function removeLab(id: string): Promise<void> {
  const names = list(namespaceDirectory).filter((name) => name.startsWith(`${id}-`));
  const inodes = new Set(names.flatMap((name) => namespaceInode(name) ?? []));
  await killAllIn(inodes);
  for (const name of names) {
    // One at a time and forgiving: another sweeper may be faster.
    await ipBatch([`netns del ${name}`]).catch(() => undefined);
  }
  // A command that was just entering its namespace when the first round looked.
  await killAllIn(inodes);
  for (const name of list(namespaceFilesDirectory)) {
    if (name.startsWith(`${id}-`)) remove(`${namespaceFilesDirectory}/${name}`);
  }
  for (const name of list(wireguardSocketDirectory)) {
    if (name.startsWith(id) && !/^\d/.test(name.slice(id.length)))
      remove(`${wireguardSocketDirectory}/${name}`);
  }
  remove(`${registryDirectory}/${id}`);
}

/**
 * Tells one life of a process id from another: the boot and the clock tick it started at. Null if it is not
 * running.
 */
function ownerMark(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; the start time is the 20th field after it, the state the
    // first.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19] ?? ''}`;
  } catch {
    return null;
  }
}

function hasLiveOwner(id: string): boolean {
  const mark = ownerMark(Number(/^wr(\d+)x/.exec(id)?.[1]));
  if (mark === null) return false;
  try {
    const noted = readFileSync(`${registryDirectory}/${id}/owner`, 'utf8');
    // Empty: the owner is between making the directory and writing the file.
    return noted === '' || noted === mark;
  } catch {
    return true;
  }
}

async function killAllIn(inodes: ReadonlySet<number>): Promise<void> {
  if (inodes.size === 0) return;
  await waitFor('the processes of the lab end after SIGKILL', () => {
    const pids = processesIn(inodes);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    return pids.length === 0;
  });
}

function processesIn(inodes: ReadonlySet<number>): number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const inode = /^net:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1];
        return pid !== process.pid && inode !== undefined && inodes.has(Number(inode));
      } catch {
        return false;
      }
    });
}

function namespaceInode(name: string): number | null {
  try {
    return statSync(`${namespaceDirectory}/${name}`).ino;
  } catch {
    return null;
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
