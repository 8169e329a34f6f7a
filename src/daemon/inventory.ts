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

  /** An interface is there until it is seen to be gone: a `wg` that fails or hangs for a while says nothing. */
  async function readInterfaces(): Promise<ReadonlyMap<string, InterfaceFacts>> {
    const listed = await listInterfaces({ timeoutMs: toolTimeoutMs });
    const facts = new Map<string, InterfaceFacts>();
    await Promise.all(
      [...new Set([...known.keys(), ...listed])].map(async (name) => {
        const read = await readFacts(name, { timeoutMs: toolTimeoutMs });
        const before = known.get(name);
        if (read.kind === 'ok') facts.set(name, before && sameFacts(before, read) ? before : read);
        else if (before && read.kind !== 'no-such-interface' && read.kind !== 'not-wireguard')
          facts.set(name, before);
      }),
    );
    const isSame = facts.size === known.size && [...facts].every(([name, one]) => known.get(name) === one);
    if (!isSame) known = facts;
    return known;
  }

  async function readFiles(): Promise<void> {
    const [nextConfig, nextQuick] = await Promise.all([
      readConfig({
        file: options.configFile,
        fileRequired: options.configFileRequired,
        directory: configDirectory,
      }),
      readWgQuickDirectory(options.wgQuickDirectory),
    ]);
    wgQuick = nextQuick;
    if (nextConfig.kind === 'ok') {
      config = nextConfig.config;
      return;
    }
    for (const { file, line, message } of nextConfig.problems) {
      const place = line === null ? file : `${file}:${line}`;
      log.error('configuration', {
        message: `${place}: ${message}; going on with the last configuration that was right`,
      });
    }
  }

  return {
    async read(force) {
      const [now, facts] = await Promise.all([
        stampOf([options.configFile], [configDirectory, options.wgQuickDirectory]),
        readInterfaces(),
      ]);
      const changed = force || now !== stamp;
      stamp = now;
      if (changed) await readFiles();
      const indexes = new Map(
        await Promise.all(
          [...facts.keys()].map(async (name) => [name, await readInterfaceIndex(name)] as const),
        ),
      );
      if (changed || decidedFor !== facts) decision = decideManaged({ wgQuick, config, live: facts });
      decidedFor = facts;
      if (changed) for (const warning of decision.warnings) log.warning('sources', { message: warning });
      return { decision, facts, indexes };
    },
  };
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
