import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The text of a file, or why there is none. `reason` is one sentence for people. */
export type ConfigText =
  | { readonly kind: 'ok'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** It was read, and is not text. `line`: the first line that is not, or null if the file is too large. */
  | { readonly kind: 'not-text'; readonly line: number | null; readonly reason: string };

/** The files of a directory, or why they cannot be listed. */
export type ConfigListing =
  | { readonly kind: 'ok'; readonly files: readonly string[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** 10 000 peers with four endpoints each; a larger file is something else. */
const maxFileBytes = 4 * 1024 * 1024;

/** Any ordinary file at once. */
const chunkBytes = 64 * 1024;

/** Reads one file of UTF-8 text, of at most 4 MiB. Waits for nobody, not even at a named pipe. Never throws. */
export async function readConfigText(file: string): Promise<ConfigText> {
  let bytes: Buffer | null;
  try {
    // Without O_NONBLOCK opening a named pipe would wait for a writer for ever.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return { kind: 'unreadable', reason: 'it is not a regular file' };
      bytes = await readUpTo(handle, maxFileBytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !(await isLink(file))) return { kind: 'missing' };
    return { kind: 'unreadable', reason: reasonOf(error) };
  }
  if (bytes === null) {
    return { kind: 'not-text', line: null, reason: `the file is larger than ${maxFileBytes} bytes` };
  }
  return decode(bytes);
}

/** Lists the `*.toml` of a directory in the order of their names, hidden files left out. Never throws. */
export async function listConfigFiles(directory: string): Promise<ConfigListing> {
  try {
    const names = (await readdir(directory)).filter(
      (name) => name.endsWith('.toml') && !name.startsWith('.'),
    );
    // By code unit, so that the order does not depend on the locale.
    return { kind: 'ok', files: names.sort().map((name) => join(directory, name)) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'missing' };
    return { kind: 'unreadable', reason: reasonOf(error) };
  }
}

/** Null if there is more than that. The size that a file claims to have may be wrong a moment later. */
async function readUpTo(handle: FileHandle, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length <= maxBytes) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes, null);
    if (bytesRead === 0) return Buffer.concat(chunks);
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return null;
}

function decode(bytes: Buffer): ConfigText {
  if (isUtf8(bytes)) return { kind: 'ok', text: bytes.toString('utf8') };
  const reason = 'there are bytes here that are not UTF-8 text; save the file as UTF-8';
  return { kind: 'not-text', line: firstBadLine(bytes), reason };
}

/** A line end is never part of another character in UTF-8. */
function firstBadLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start);
    const stop = end === -1 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(start, stop))) break;
    start = stop + 1;
  }
  return line;
}

async function isLink(file: string): Promise<boolean> {
  return lstat(file).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it; run as root';
    case 'ENOTDIR':
      return 'a part of its path is not a directory';
    case 'ENOENT':
      return 'it is a link to a file that does not exist';
    case 'ELOOP':
      return 'it is a link that leads back to itself';
    // What Linux answers for a socket, opened as a file.
    case 'ENXIO':
      return 'it is not a regular file';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
