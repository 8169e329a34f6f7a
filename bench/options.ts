import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';

/** Exit code of a command line that cannot be understood. */
export const usageError = 2;

/** Reads a number from 1 to 9999, for commander. */
export function readCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number from 1 to 9999.');
}

/** Reads a number from 0 to 9999, for commander. */
export function readCountOrNone(text: string): number {
  return text === '0' ? 0 : readCount(text);
}

/** Reads a positive number, with or without decimals, for commander. */
export function readAmount(text: string): number {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** Reads a seed, 0 to 4294967295, for commander. */
export function readSeed(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new InvalidArgumentError('Expected a number from 0 to 4294967295.');
}

/** The full path of a file that is there; else ends the process with one line that says so. */
export function readableFile(path: string): string {
  const file = resolve(path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    fail(`There is no file ${file} (--script).`);
  return file;
}

/** The full path for `--json`. Looked at first: a run takes long, and its figures should not be lost at the end. */
export function writableFile(path: string): string {
  const file = resolve(path);
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch {
    fail(`${dirname(file)} is no directory that can be written (--json).`);
  }
  return file;
}

/** Those of `all` that `only` names, in the order of `all`; ends the process where a name is none of them. */
export function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  only: readonly string[] | undefined,
): readonly T[] {
  const names = all.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    fail(`"${unknown}" is nothing this benchmark measures: expected one of ${names.join(', ')}`);
  return all.filter(({ name }) => only?.includes(name) ?? true);
}

/** Ends the process with one clear line. */
export function fail(message: string): never {
  console.error(message);
  process.exit(usageError);
}
