import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseInterfaceName } from '../wireguard/interface-name.ts';
import { parseWgQuick, type WgQuickFile } from './wg-quick-file.ts';

/** A file that could not be used at all. `reason` is one sentence for people. */
export interface UnreadableFile {
  readonly file: string;
  readonly reason: string;
}

/** What a directory of wg-quick files holds. */
export type WgQuickDirectory =
  | {
      readonly kind: 'ok';
      /** In the order of their names. */
      readonly files: readonly WgQuickFile[];
      readonly unreadable: readonly UnreadableFile[];
    }
  /** There is no such directory: a host without wg-quick, which is no error. */
  | { readonly kind: 'missing'; readonly directory: string }
  | { readonly kind: 'unreadable'; readonly directory: string; readonly reason: string };

/** 10 000 peers with long lines; a larger file is something else. */
const maxFileBytes = 16 * 1024 * 1024;

/** wg-quick itself takes no other file names. */
const configFileName = /^([A-Za-z0-9_=+.-]{1,15})\.conf$/;

/**
 * Reads every `<interface>.conf` of a directory. Private and preshared keys are not kept.
 * A file or a peer that cannot be read never hides the others. Never throws.
 */
export async function readWgQuickDirectory(directory = '/etc/wireguard'): Promise<WgQuickDirectory> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'missing', directory };
    return { kind: 'unreadable', directory, reason: reasonOf(error) };
  }
  const files: WgQuickFile[] = [];
  const unreadable: UnreadableFile[] = [];
  const configs = names.filter((name) => name.endsWith('.conf')).sort();
  const read = await Promise.all(configs.map((name) => readWgQuickFile(directory, name)));
  for (const result of read) {
    if ('reason' in result) unreadable.push(result);
    else files.push(result);
  }
  return { kind: 'ok', files, unreadable };
}

async function readWgQuickFile(directory: string, name: string): Promise<WgQuickFile | UnreadableFile> {
  const file = join(directory, name);
  const interfaceName = configFileName.exec(name)?.[1];
  if (interfaceName === undefined || parseInterfaceName(interfaceName).kind === 'invalid') {
    return { file, reason: 'its name is not an interface name of at most 15 characters and ".conf"' };
  }
  try {
    const found = await stat(file);
    // Opening a named pipe would wait for a writer for ever.
    if (!found.isFile()) return { file, reason: 'it is not a regular file' };
    if (found.size > maxFileBytes) return { file, reason: `it is larger than ${maxFileBytes} bytes` };
    return parseWgQuick(await readFile(file, 'utf8'), { file, interfaceName });
  } catch (error) {
    return { file, reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it; run as root';
    case 'ENOTDIR':
      return 'it is not a directory';
    case 'ENOENT':
      return 'it is gone, or a link to a file that does not exist';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
