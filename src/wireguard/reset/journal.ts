import { randomBytes } from 'node:crypto';
import { constants, readlinkSync } from 'node:fs';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeDirectory } from '../../host/directory.ts';
import { syncDirectory, writeSynced } from '../../host/synced-write.ts';
import { decodeRecord, encodeRecord, type PeerRecord } from './record.ts';

/** A journal file of our network namespace, by what its name tells. */
export interface JournalEntry {
  readonly file: string;
  readonly interface: string;
  readonly peer: string;
}

/** What is in a journal file. */
export type JournalContent =
  | { readonly kind: 'ok'; readonly record: PeerRecord }
  | { readonly kind: 'absent' }
  /** Not a record, or not written by us alone. */
  | { readonly kind: 'damaged'; readonly detail: string }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** Whether the directory did what was asked. */
export type JournalDone = { readonly kind: 'ok' } | { readonly kind: 'failed'; readonly detail: string };

/** The files that keep a peer safe while it is being reset, one for each interface and peer. Nothing here throws. */
export interface Journal {
  /** Where the file of this peer is. */
  fileOf(interfaceName: string, peer: string): string;
  /** Writes the record so that a crash at any moment leaves a whole file or none. Mode 0600. */
  write(record: PeerRecord): Promise<JournalDone>;
  read(file: string): Promise<JournalContent>;
  remove(file: string): Promise<JournalDone>;
  /** Renames it so that it is not found again; somebody may want to look at it. Returns the new name. */
  setAside(file: string): Promise<{ readonly kind: 'ok'; readonly movedTo: string } | JournalDone>;
  /**
   * All files of an interface, also of peers that are gone; those that were never finished are removed, so the caller
   * must hold the interface's lock. Empty without a directory.
   */
  list(interfaceName: string): Promise<readonly JournalEntry[]>;
}

const suffix = '.journal';
/** With a hundred and more allowed IPs it is 5 kB. */
const maxFileBytes = 64 * 1024;

/**
 * The journal in a directory, which is made (mode 0700) if it is missing. Meant for the runtime directory: it is in
 * memory, as the peers are, and it holds preshared keys.
 */
export function createJournal(directory: string): Journal {
  // The same interface name may exist in several network namespaces that share a runtime directory.
  const prefix = `reset-${networkNamespace()}-`;
  const fileOf = (interfaceName: string, peer: string): string =>
    join(directory, `${prefix}${encodeURIComponent(interfaceName)}-${keyInName(peer)}${suffix}`);
  return {
    fileOf,
    async write(record) {
      const bytes = encodeRecord(record);
      const file = fileOf(record.interface, record.peer);
      const temporary = join(directory, `.${basename(file)}.${randomBytes(6).toString('hex')}`);
      try {
        makeDirectory(directory);
        await writeSynced(temporary, bytes);
        await rename(temporary, file);
        await syncDirectory(directory);
        return { kind: 'ok' };
      } catch (error) {
        await unlink(temporary).catch(() => {});
        return { kind: 'failed', detail: messageOf(error) };
      } finally {
        bytes.fill(0);
      }
    },
    read: readRecord,
    remove: (file) => done(unlink(file)),
    async setAside(file) {
      const movedTo = `${file}.aside`;
      const moved = await done(rename(file, movedTo));
      return moved.kind === 'ok' ? { kind: 'ok', movedTo } : moved;
    },
    async list(interfaceName) {
      const names = await readdir(directory).catch((): string[] => []);
      const entries: JournalEntry[] = [];
      for (const name of names) {
        const file = join(directory, name);
        const entry = name.startsWith(prefix) ? parseName(name.slice(prefix.length)) : null;
        if (entry?.interface === interfaceName) entries.push({ file, ...entry });
        // Of a process that died while it wrote: nothing had been done to the peer yet.
        const unfinished = /^\.(.+\.journal)\.[0-9a-f]{12}$/.exec(name)?.[1];
        if (!unfinished?.startsWith(prefix)) continue;
        if (parseName(unfinished.slice(prefix.length))?.interface === interfaceName) await done(unlink(file));
      }
      return entries;
    },
  };
}

/** `<interface>-<key>.journal`, where the interface may have a '-', but the key has a known length. */
function parseName(name: string): Omit<JournalEntry, 'file'> | null {
  const match = /^(.+)-([A-Za-z0-9_-]{43})\.journal$/.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  try {
    const peer = `${match[2].replaceAll('_', '/').replaceAll('-', '+')}=`;
    return { interface: decodeURIComponent(match[1]), peer };
  } catch {
    return null;
  }
}

function keyInName(peer: string): string {
  return peer.replaceAll('/', '_').replaceAll('+', '-').replace(/=$/, '');
}

async function readRecord(file: string): Promise<JournalContent> {
  const bytes = Buffer.alloc(maxFileBytes);
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { uid, mode, size } = await handle.stat();
      // In a directory that others may write to, a forged file would add a peer of their choice.
      if (
        uid !== process.geteuid?.() ||
        (mode & constants.S_IFMT) !== constants.S_IFREG ||
        (mode & 0o077) !== 0
      ) {
        return { kind: 'damaged', detail: 'it is not a file that only we can write' };
      }
      if (size > maxFileBytes) return { kind: 'damaged', detail: `it has ${size} bytes` };
      const { bytesRead } = await handle.read(bytes, 0, maxFileBytes, 0);
      const record = decodeRecord(bytes.subarray(0, bytesRead));
      return record === null
        ? { kind: 'damaged', detail: 'its checksum or a field is wrong' }
        : { kind: 'ok', record };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT') return { kind: 'absent' };
    if (code === 'ELOOP') return { kind: 'damaged', detail: 'it is a symbolic link' };
    return { kind: 'unreadable', detail: messageOf(error) };
  } finally {
    bytes.fill(0);
  }
}

async function done(work: Promise<void>): Promise<JournalDone> {
  try {
    await work;
    return { kind: 'ok' };
  } catch (error) {
    return { kind: 'failed', detail: messageOf(error) };
  }
}

function networkNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
