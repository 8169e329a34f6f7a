import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readInterfaceIndex } from '../host/interface-index.ts';
import { type Config, emptyConfig, readConfig } from '../sources/config.ts';
import { decideManaged, type ManagedDecision } from '../sources/managed.ts';
import { readWgQuickDirectory, type WgQuickDirectory } from '../sources/wg-quick.ts';
import { type InterfaceFacts, readFacts, sameFacts } from '../wireguard/facts.ts';
import { listInterfaces } from '../wireguard/interfaces.ts';
import type { Log } from './log.ts';

/** What there is to manage now. */
export interface Inventory {
  /** The same object as before where nothing has changed. */
  readonly decision: ManagedDecision;
  readonly facts: ReadonlyMap<string, InterfaceFacts>;
  /** The kernel's number of each interface, another one once it was deleted and made again; null if unknown. */
  readonly indexes: ReadonlyMap<string, number | null>;
}

/** Finds out what there is to manage, from files and from the interfaces. */
export interface InventoryReader {
  /** `force` reads the files also if they seem unchanged. Never rejects. */
  read(force: boolean): Promise<Inventory>;
}

/** Where to look. */
export interface InventoryOptions {
  readonly configFile: string;
  readonly configFileRequired: boolean;
  readonly wgQuickDirectory: string;
  readonly log: Log;
}

const toolTimeoutMs = 5_000;

/**
 * Creates a reader. A configuration that does not parse changes nothing: the last accepted one stays in force (at the
 * start: none), and what is wrong is logged with its line. A typo must not kill the only rescue.
 */
export function createInventoryReader(options: InventoryOptions): InventoryReader {
  const { log } = options;
  const configDirectory = join(dirname(options.configFile), 'wg-reach.d');
  let config: Config = emptyConfig;
  let wgQuick: WgQuickDirectory = { kind: 'missing', directory: options.wgQuickDirectory };
  let stamp: string | null = null;
  let known: ReadonlyMap<string, InterfaceFacts> = new Map();
  let decision: ManagedDecision = decideManaged({ wgQuick, config, live: known });
  let decidedFor: ReadonlyMap<string, InterfaceFacts> | null = null;
  let wgFailure: string | null = null;
  /** Why an interface that was never read cannot be read, by name. */
  const unread = new Map<string, string>();
  /** What was said of files, so that what stays wrong is not said again each time they are read. */
  let said = new Set<string>();
  let problems: readonly string[] = [];
  let unreadable = false;

  /** An interface is there until it is seen to be gone: a `wg` that fails or hangs for a while says nothing. */
  async function readInterfaces(): Promise<ReadonlyMap<string, InterfaceFacts>> {
    const listed = await listInterfaces({ timeoutMs: toolTimeoutMs });
    if (listed.failure !== null && wgFailure === null)
      log.warning('wg-failed', { message: `${listed.failure}; interfaces cannot be found until it answers` });
    if (listed.failure === null && wgFailure !== null)
      log.info('wg-works-again', { message: "'wg' answers again" });
    wgFailure = listed.failure;
    const facts = new Map<string, InterfaceFacts>();
    await Promise.all(
      [...new Set([...known.keys(), ...listed.names])].map(async (name) => {
        const read = await readFacts(name, { timeoutMs: toolTimeoutMs });
        const before = known.get(name);
        if (read.kind === 'ok') facts.set(name, before && sameFacts(before, read) ? before : read);
        else if (before && read.kind !== 'no-such-interface' && read.kind !== 'not-wireguard')
          facts.set(name, before);
        else if (read.kind !== 'no-such-interface') sayUnread(name, read.detail);
      }),
    );
    for (const name of unread.keys())
      if (facts.has(name) || !listed.names.includes(name)) unread.delete(name);
    const isSame = facts.size === known.size && [...facts].every(([name, one]) => known.get(name) === one);
    if (!isSame) known = facts;
    return known;
  }

  function sayUnread(name: string, detail: string): void {
    if (unread.get(name) === detail) return;
    unread.set(name, detail);
    log.warning('interface-unread', {
      interface: name,
      message: `${detail}; it is left alone until that works`,
    });
  }

  /** Says what is wrong with files, once for as long as it stays so. */
  function say(problems: ReadonlyMap<string, () => void>, anew: boolean): void {
    for (const [problem, speak] of problems) if (anew || !said.has(problem)) speak();
    said = new Set(problems.keys());
  }

  /** Returns what is wrong with the configuration, in words. */
  async function readFiles(): Promise<readonly string[]> {
    const [nextConfig, nextQuick] = await Promise.all([
      readConfig({
        file: options.configFile,
        fileRequired: options.configFileRequired,
        directory: configDirectory,
      }),
      readWgQuickDirectory(options.wgQuickDirectory),
    ]);
    wgQuick = keepUnreadable(wgQuick, nextQuick);
    // Permissions change without a trace in size and time.
    unreadable = nextConfig.kind === 'unreadable' || hasUnreadable(nextQuick);
    if (nextConfig.kind === 'ok') {
      config = nextConfig.config;
      return [];
    }
    return nextConfig.problems.map(({ file, line, message }) => {
      const place = line === null ? file : `${file}:${line}`;
      return `${place}: ${message}; going on with the last configuration that was right`;
    });
  }

  return {
    async read(force) {
      const [now, facts] = await Promise.all([
        stampOf([options.configFile], [configDirectory, options.wgQuickDirectory]),
        readInterfaces(),
      ]);
      const looksNew = force || now !== stamp;
      const changed = looksNew || unreadable;
      stamp = now;
      if (changed) problems = await readFiles();
      const indexes = new Map(
        await Promise.all(
          [...facts.keys()].map(async (name) => [name, await readInterfaceIndex(name)] as const),
        ),
      );
      if (changed || decidedFor !== facts) decision = decideManaged({ wgQuick, config, live: facts });
      decidedFor = facts;
      if (changed) {
        const lines = new Map(
          problems.map((message) => [message, () => log.error('configuration', { message })]),
        );
        for (const message of decision.warnings)
          lines.set(message, () => log.warning('sources', { message }));
        say(lines, looksNew);
      }
      return { decision, facts, indexes };
    },
  };
}

/**
 * What cannot be read now is not gone: its last content stays in force, beside the news that it cannot be read. Nothing
 * is lost by a permission that was set wrong, or by a host that is short of files for a moment.
 */
function keepUnreadable(before: WgQuickDirectory, now: WgQuickDirectory): WgQuickDirectory {
  if (before.kind !== 'ok') return now;
  if (now.kind === 'missing') return now;
  if (now.kind === 'unreadable')
    return { ...before, unreadable: [{ file: now.directory, reason: now.reason }] };
  const lost = new Set(now.unreadable.map(({ file }) => file));
  const kept = before.files.filter(({ file }) => lost.has(file));
  return { ...now, files: [...now.files, ...kept] };
}

function hasUnreadable(wgQuick: WgQuickDirectory): boolean {
  return wgQuick.kind === 'unreadable' || (wgQuick.kind === 'ok' && wgQuick.unreadable.length > 0);
}

/** Names, sizes and times of the files: cheap to compare, and it changes whenever one of them does. */
async function stampOf(files: readonly string[], directories: readonly string[]): Promise<string> {
  const listed = await Promise.all(
    directories.map(async (directory) => {
      const names = await readdir(directory).catch(() => []);
      return names.sort().map((name) => join(directory, name));
    }),
  );
  const stamps = await Promise.all(
    [...files, ...listed.flat()].map(async (file) => {
      const found = await stat(file).catch(() => null);
      return found === null ? `${file}:-` : `${file}:${found.size}:${found.mtimeMs}:${found.ino}`;
    }),
  );
  return stamps.join('\n');
}
