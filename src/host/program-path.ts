import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** The file that would run for this program name by PATH, or null if there is none that we may execute. */
export function findProgram(name: string): string | null {
  for (const directory of (process.env.PATH ?? '').split(':')) {
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this directory.
    }
  }
  return null;
}
