import type { Preference } from '../core/candidate.ts';
import {
  type ConfigPeer,
  type ConfigSettings,
  type ParsedConfigFile,
  parseConfigFile,
} from './config-file.ts';
import type { ConfigProblem } from './config-problem.ts';
import { listConfigFiles, readConfigText } from './config-read.ts';
import type { Failback, HandshakeProbe, Profile } from './config-schema.ts';

/** What holds for every peer that does not say otherwise. */
export interface Defaults {
  readonly profile: Profile;
  readonly prefer: Preference;
  readonly failback: Failback;
  readonly handshakeProbe: HandshakeProbe;
}

/** The whole configuration, from all files. */
export interface Config {
  readonly defaults: Defaults;
  /** In the order of the files. No two of the same interface, or lack of one, and public key. */
  readonly peers: readonly ConfigPeer[];
}

/** Where to look. */
export interface ReadConfigOptions {
  /** `/etc/wg-reach.toml` or what the user gave. */
  readonly file: string;
  /** Whether a missing file is an error, as it is if the user named it. */
  readonly fileRequired: boolean;
  /** `/etc/wg-reach.d`, of which every `*.toml` is read after `file`; null for none. It may be missing. */
  readonly directory: string | null;
}

/** What was found. `files` are those that were read, in the order of reading. */
export type ConfigResult =
  | { readonly kind: 'ok'; readonly config: Config; readonly files: readonly string[] }
  /** At least one file says something wrong. Files that cannot be read are among the problems. */
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] }
  /** Nothing is wrong but that files, or the directory, cannot be read. */
  | { readonly kind: 'unreadable'; readonly problems: readonly ConfigProblem[] };

/** What holds without any configuration. */
export const builtInDefaults: Defaults = {
  profile: 'balanced',
  prefer: 'ipv6',
  // Offered rarely enough that an unstable preferred path costs little, soon enough that nobody does it by hand.
  failback: { kind: 'after', intervalMs: 600_000 },
  // Until the simulator's worlds have it, it is for those who ask for it.
  handshakeProbe: 'off',
};

/** The configuration of a host that has none. */
export const emptyConfig: Config = { defaults: builtInDefaults, peers: [] };

/**
 * Reads the configuration: `file`, then every `*.toml` of `directory` in the order of their names. Later
 * `[defaults]` win key by key; `[[peer]]` lists are joined. Never throws; whether to go on with an older
 * configuration is for the caller.
 */
export async function readConfig(options: ReadConfigOptions): Promise<ConfigResult> {
  const unreadable: ConfigProblem[] = [];
  const cannotRead = (path: string, reason: string): void => {
    unreadable.push({ file: path, line: null, message: `cannot be read: ${reason}` });
  };
  const paths = [options.file];
  if (options.directory !== null) {
    const listing = await listConfigFiles(options.directory);
    if (listing.kind === 'ok') paths.push(...listing.files);
    else if (listing.kind === 'unreadable') cannotRead(options.directory, listing.reason);
  }
  const parsed: ParsedConfigFile[] = [];
  for (const path of paths) {
    const found = await readConfigText(path);
    switch (found.kind) {
      case 'ok':
        parsed.push(parseConfigFile(found.text, path));
        break;
      case 'not-text':
        parsed.push({ kind: 'invalid', problems: [{ file: path, line: found.line, message: found.reason }] });
        break;
      case 'unreadable':
        cannotRead(path, found.reason);
        break;
      case 'missing':
        // A file of the directory that went away since it was listed is as good as never there.
        if (path === options.file && options.fileRequired) cannotRead(path, 'there is no such file');
        break;
    }
  }
  const merged = mergeConfig(parsed);
  if (merged.kind === 'invalid') return { kind: 'invalid', problems: [...unreadable, ...merged.problems] };
  return unreadable.length > 0 ? { kind: 'unreadable', problems: unreadable } : merged;
}

/** Joins files, given in the order in which they count. Invalid if one of them is, or if two list the same peer. */
export function mergeConfig(
  parsed: readonly ParsedConfigFile[],
): Exclude<ConfigResult, { kind: 'unreadable' }> {
  const problems: ConfigProblem[] = [];
  const files: string[] = [];
  const peers = new Map<string, ConfigPeer>();
  let defaults = builtInDefaults;
  for (const part of parsed) {
    if (part.kind === 'invalid') {
      problems.push(...part.problems);
      continue;
    }
    files.push(part.file);
    defaults = applySettings(defaults, part.defaults);
    for (const peer of part.peers) {
      const identity = `${peer.interface ?? ''} ${peer.publicKey}`;
      const first = peers.get(identity);
      if (first === undefined) peers.set(identity, peer);
      else problems.push(duplicate(first, peer));
    }
  }
  if (problems.length > 0) return { kind: 'invalid', problems };
  return { kind: 'ok', config: { defaults, peers: [...peers.values()] }, files };
}

/** What holds for a peer: its own settings, and the defaults where it has none. */
export function applySettings(defaults: Defaults, settings: ConfigSettings): Defaults {
  return {
    profile: settings.profile ?? defaults.profile,
    prefer: settings.prefer ?? defaults.prefer,
    failback: settings.failback ?? defaults.failback,
    handshakeProbe: settings.handshakeProbe ?? defaults.handshakeProbe,
  };
}

function duplicate(first: ConfigPeer, second: ConfigPeer): ConfigProblem {
  const where = `${first.place.file}:${first.place.line}`;
  const on = second.interface === null ? 'without an interface' : `on ${second.interface}`;
  return {
    ...second.place,
    message: `the peer ${second.publicKey} ${on} is listed already at ${where}; keep one of the two`,
  };
}
