import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Deeper paths than this are made by nobody on purpose. */
const maxMissing = 16;

/**
 * Makes a directory with mode 0700, and its parents, unless it is there. Throws what `mkdir` throws. Node's own
 * recursive variant does not end for a path below /proc, where a directory exists and yet nothing can be made in it.
 */
export function makeDirectory(path: string, depth = 0): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || depth >= maxMissing || dirname(path) === path) throw error;
    makeDirectory(dirname(path), depth + 1);
    mkdirSync(path, { mode: 0o700 });
  }
}
