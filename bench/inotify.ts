import { readFileSync, writeFileSync } from 'node:fs';

/** The system's limit of inotify instances for each user, of which every wireguard-go needs one. */
export const inotifyLimitFile = '/proc/sys/fs/inotify/max_user_instances';

/** A limit that was looked at, and raised if there was need. */
export interface InotifyRoom {
  /** One line for a person where it was raised, or could not be; null where there was room. */
  readonly note: string | null;
  /** Puts the old limit back, unless somebody else has changed it since. May be called twice. */
  restore(): void;
}

/** What other programs of the same user may hold: an editor, a service manager, other labs. */
const othersInstances = 64;

/**
 * Makes room for so many further inotify instances of this user: Debian's limit of 128 is reached by some thirty labs,
 * and then wireguard-go does not start. Where the limit cannot be raised, the note says so and nothing else happens.
 */
export function makeInotifyRoom(instances: number, file = inotifyLimitFile): InotifyRoom {
  const wanted = instances + othersInstances;
  const before = readLimit(file);
  if (before === null || before >= wanted) return { note: null, restore: () => undefined };
  try {
    writeFileSync(file, String(wanted));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return {
      note:
        `Up to ${wanted} inotify instances are needed and the limit is ${before} (${detail}): labs may not start. ` +
        'Take fewer with --labs.',
      restore: () => undefined,
    };
  }
  return {
    note: `fs.inotify.max_user_instances is ${wanted} instead of ${before} until the end of this run.`,
    restore: () => {
      if (readLimit(file) === wanted) writeFileSync(file, String(before));
    },
  };
}

function readLimit(file: string): number | null {
  try {
    const limit = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(limit) ? limit : null;
  } catch {
    return null;
  }
}
