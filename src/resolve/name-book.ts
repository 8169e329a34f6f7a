import { type FamilyAnswer, type ResolveOptions, resolveSystem } from './system.ts';

/** What is known of one name: the newest addresses of each family, and how sure they are. */
export interface NameEntry {
  readonly addresses: { readonly 6: readonly string[]; readonly 4: readonly string[] };
  /** Monotonic time of the newest answer with an address, or null if all there is comes from an earlier run. */
  readonly answeredAtMs: number | null;
  /** The last look-up gave no address at all. */
  readonly failing: boolean;
}

/** All names that the managed peers need, each looked up once at a time, whoever asks. */
export interface NameBook {
  /** What is known now; null for a name that nobody asked for. */
  get(name: string): NameEntry | null;
  /**
   * Asks for fresh answers. Nothing happens while a look-up of that name is under way; one that comes within
   * five seconds of the last is put off until then. `onChange` is called when there is news.
   */
  refresh(name: string): void;
  /** Forgets names that nobody needs any more. */
  keepOnly(names: ReadonlySet<string>): void;
  /** Ends every look-up. */
  close(): void;
}

/** How the book works. */
export interface NameBookOptions {
  /** Called after each look-up, also if it brought nothing new. */
  readonly onAnswer: (name: string, entry: NameEntry) => void;
  /** Addresses that worked in an earlier run, by name; used until there is an answer. */
  readonly lastKnownGood: ReadonlyMap<string, readonly string[]>;
  /** How names are looked up; the system's resolver unless a test says otherwise. */
  readonly resolve?: (name: string, options: ResolveOptions) => Promise<readonly FamilyAnswer[]>;
}

/** Never more than one look-up of a name in this time, however many peers suspect their tunnels. */
const minIntervalMs = 5_000;
/**
 * The system's resolver does not tell the time to live. Five minutes lie between the shortest in common use (60 s for
 * dynamic DNS) and the 30 minutes at which NetworkManager asks again; a tunnel in trouble asks at once anyway.
 */
const refreshMs = 300_000;
/** glibc gives up a dead server after 5 s and tries twice; longer than that nobody waits for the answer. */
const lookUpTimeoutMs = 15_000;

interface Entry extends NameEntry {
  readonly abort: AbortController | null;
  readonly startedAtMs: number;
  readonly timer: NodeJS.Timeout | null;
}

/** Opens an empty book. */
export function createNameBook(options: NameBookOptions): NameBook {
  const resolve = options.resolve ?? resolveSystem;
  const entries = new Map<string, Entry>();

  function lookUp(name: string): void {
    const before = entries.get(name) ?? firstEntry(options.lastKnownGood.get(name) ?? []);
    if (before.abort) return;
    const waitMs = before.startedAtMs + minIntervalMs - performance.now();
    if (waitMs > 0) {
      plan(name, before, waitMs);
      return;
    }
    if (before.timer) clearTimeout(before.timer);
    const abort = new AbortController();
    entries.set(name, { ...before, abort, startedAtMs: performance.now(), timer: null });
    void resolve(name, { timeoutMs: lookUpTimeoutMs, signal: abort.signal }).then((answers) => {
      if (abort.signal.aborted) return;
      const after = merge(entries.get(name) ?? before, answers);
      plan(name, after, refreshMs);
      options.onAnswer(name, after);
    });
  }

  function plan(name: string, entry: Entry, afterMs: number): void {
    if (entry.timer) clearTimeout(entry.timer);
    const timer = setTimeout(() => lookUp(name), afterMs);
    entries.set(name, { ...entry, timer });
  }

  function forget(name: string): void {
    const entry = entries.get(name);
    if (entry?.timer) clearTimeout(entry.timer);
    entry?.abort?.abort();
    entries.delete(name);
  }

  return {
    get: (name) => entries.get(name) ?? null,
    refresh: lookUp,
    keepOnly(names) {
      for (const name of [...entries.keys()]) if (!names.has(name)) forget(name);
    },
    close() {
      for (const name of [...entries.keys()]) forget(name);
    },
  };
}

/** A family without an answer keeps what it had: an AAAA-only answer must not erase a good A. */
function merge(entry: Entry, answers: readonly FamilyAnswer[]): Entry {
  const addresses = { ...entry.addresses };
  let answered = false;
  for (const answer of answers) {
    if (answer.kind !== 'addresses') continue;
    addresses[answer.family] = answer.addresses;
    answered = true;
  }
  return {
    ...entry,
    addresses,
    answeredAtMs: answered ? performance.now() : entry.answeredAtMs,
    failing: !answered,
    abort: null,
  };
}

function firstEntry(lastKnownGood: readonly string[]): Entry {
  return {
    addresses: {
      6: lastKnownGood.filter((address) => address.includes(':')),
      4: lastKnownGood.filter((address) => !address.includes(':')),
    },
    answeredAtMs: null,
    failing: false,
    abort: null,
    startedAtMs: Number.NEGATIVE_INFINITY,
    timer: null,
  };
}
