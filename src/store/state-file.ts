import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../host/directory.ts';
import { syncDirectory, writeSynced } from '../host/synced-write.ts';
import { isState, newerVersion, type State } from './state.ts';

/** What was found in the state directory. Nothing of it may stop the program from doing its job. */
export type LoadedState =
  | { readonly kind: 'ok'; readonly state: State }
  /** Nothing was saved yet. */
  | { readonly kind: 'empty' }
  /** Not a state. `movedTo` is where it was set aside; null if that failed. */
  | { readonly kind: 'damaged'; readonly movedTo: string | null }
  /** A newer version of this program wrote it, in a form that this one does not know. `movedTo` as above. */
  | { readonly kind: 'newer'; readonly movedTo: string | null }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** Whether the state was saved. */
export type SavedState = { readonly kind: 'ok' } | { readonly kind: 'unwritable'; readonly detail: string };

const fileName = 'state.json';
const temporaryPrefix = '.state.json.';

/** A hundred bytes a candidate: room for tens of thousands. */
const maxFileBytes = 16 * 1024 * 1024;

/** No writer takes this long; a temporary file of this age belongs to one that died. */
const leftoverAgeMs = 3_600_000;

/**
 * Reads the state. A damaged file is set aside under one fixed name, so that damage can be looked at and
 * cannot fill the disk, and the program starts anew. So is one of a newer version, under the name of that version, so
 * that it can be put back by whoever goes back to it.
 */
export async function loadState(directory: string): Promise<LoadedState> {
  const file = join(directory, fileName);
  let text: string;
  try {
    const found = await stat(file);
    if (!found.isFile()) return { kind: 'unreadable', detail: `${file} is not a regular file` };
    if (found.size > maxFileBytes) return setAside(file, 'damaged', 'damaged');
    text = await readFile(file, 'utf8');
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? { kind: 'empty' } : { kind: 'unreadable', detail: messageOf(error) };
  }
  const state = parseJson(text);
  if (isState(state)) return { kind: 'ok', state };
  const version = newerVersion(state);
  return version === null
    ? setAside(file, 'damaged', 'damaged')
    : setAside(file, 'newer', `version-${version}`);
}

/**
 * Replaces the state so that a crash at any moment leaves either the old or the new one. Creates the
 * directory (mode 0700); the file has mode 0600. Two savers at once do not mix, but the later one wins:
 * whoever changes a part of the state loads it right before, under a lock.
 */
export async function saveState(directory: string, state: State): Promise<SavedState> {
  const temporary = join(directory, `${temporaryPrefix}${randomBytes(6).toString('hex')}`);
  try {
    makeDirectory(directory);
    await removeLeftovers(directory);
    await writeSynced(temporary, `${JSON.stringify(state, null, 1)}\n`);
    await rename(temporary, join(directory, fileName));
    await syncDirectory(directory);
    return { kind: 'ok' };
  } catch (error) {
    await unlink(temporary).catch(() => {});
    return { kind: 'unwritable', detail: messageOf(error) };
  }
}

async function setAside(file: string, kind: 'damaged' | 'newer', suffix: string): Promise<LoadedState> {
  const movedTo = `${file}.${suffix}`;
  try {
    await rename(file, movedTo);
    return { kind, movedTo };
  } catch {
    return { kind, movedTo: null };
  }
}

async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const file = join(directory, name);
    const age = await stat(file).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > leftoverAgeMs) await unlink(file).catch(() => {});
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a new state may take this one's place: what could not be read or set aside must not be lost. */
export function mayReplace(loaded: LoadedState): boolean {
  return loaded.kind !== 'unreadable' && !(loaded.kind === 'newer' && loaded.movedTo === null);
}

/** What to tell people about a state that could not be used; null where there is nothing to tell. */
export function stateWarning(loaded: LoadedState, directory: string): string | null {
  if (loaded.kind === 'unreadable') return `what was remembered cannot be read: ${loaded.detail}`;
  if (loaded.kind !== 'damaged' && loaded.kind !== 'newer') return null;
  const why = loaded.kind === 'damaged' ? 'was damaged' : 'was written by a newer version of wg-reach';
  const place =
    loaded.movedTo === null ? 'it could not be set aside' : `it was set aside as ${loaded.movedTo}`;
  return `the state file in ${directory} ${why}, ${place}; going on without it`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
