import { parse } from 'smol-toml';
import * as v from 'valibot';
import type { Preference } from '../core/candidate.ts';
import type { ConfigEndpoint } from './config-endpoint.ts';
import { indexLines, type LineOf } from './config-lines.ts';
import { type ConfigProblem, describeIssue, describeSyntaxError } from './config-problem.ts';
import {
  type ConfigDocument,
  configSchema,
  type Failback,
  type HandshakeProbe,
  type Profile,
} from './config-schema.ts';

/** A file and a line of it; the first line is 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** What may be said for all peers or for one. Null: not said here. */
export interface ConfigSettings {
  readonly profile: Profile | null;
  readonly prefer: Preference | null;
  readonly failback: Failback | null;
  readonly handshakeProbe: HandshakeProbe | null;
}

/** One `[[peer]]`. */
export interface ConfigPeer extends ConfigSettings {
  /** Null: this key on any interface. */
  readonly interface: string | null;
  readonly publicKey: string;
  /** In the user's order, never empty, each with its own line; null if not given. */
  readonly endpoints: readonly (ConfigEndpoint & { readonly place: Place })[] | null;
  /** Inner addresses to be asked for echoes, canonical; empty if not given. */
  readonly tunnelTargets: readonly string[];
  readonly manage: boolean;
  readonly place: Place;
}

/** What one file says. */
export type ParsedConfigFile =
  | {
      readonly kind: 'ok';
      readonly file: string;
      readonly defaults: ConfigSettings;
      readonly peers: readonly ConfigPeer[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

/** Lists in lists in tables are none of ours; this only keeps the parser's stack small. */
const maxNesting = 16;

/** Nobody reads more at once. */
const maxProblems = 50;

/** Understands the text of one configuration file. All of it is accepted or nothing. Never throws. */
export function parseConfigFile(text: string, file: string): ParsedConfigFile {
  let document: unknown;
  try {
    document = parse(text, { maxDepth: maxNesting });
  } catch (error) {
    return { kind: 'invalid', problems: [{ file, ...describeSyntaxError(error) }] };
  }
  const lineOf = indexLines(text);
  const checked = v.safeParse(configSchema, document);
  if (checked.success) return { kind: 'ok', file, ...fromDocument(checked.output, file, lineOf) };
  const problems = checked.issues
    .flatMap(describeIssue)
    .map(({ path, message }): ConfigProblem => ({ file, line: lineOf(path), message }))
    .sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
  return { kind: 'invalid', problems: cutOff(problems, file) };
}

function cutOff(problems: readonly ConfigProblem[], file: string): readonly ConfigProblem[] {
  const restCount = problems.length - maxProblems;
  if (restCount <= 0) return problems;
  const rest = { file, line: null, message: `there are ${restCount} more problems in this file` };
  return [...problems.slice(0, maxProblems), rest];
}

function fromDocument(document: ConfigDocument, file: string, lineOf: LineOf) {
  const placeOf = (...path: (string | number)[]): Place => ({ file, line: lineOf(path) ?? 1 });
  const peers = (document.peer ?? []).map((peer, index): ConfigPeer => {
    const targets = peer.tunnel_target ?? [];
    return {
      interface: peer.interface ?? null,
      publicKey: peer.public_key,
      endpoints:
        peer.endpoints?.map((endpoint, position) => ({
          ...endpoint,
          place: placeOf('peer', index, 'endpoints', position),
        })) ?? null,
      tunnelTargets: [...new Set(typeof targets === 'string' ? [targets] : targets)],
      manage: peer.manage ?? true,
      ...settingsOf(peer),
      place: placeOf('peer', index),
    };
  });
  return { defaults: settingsOf(document.defaults ?? {}), peers };
}

function settingsOf(written: NonNullable<ConfigDocument['defaults']>): ConfigSettings {
  return {
    profile: written.profile ?? null,
    prefer: written.prefer ?? null,
    failback: written.failback ?? null,
    handshakeProbe: written.handshake_probe ?? null,
  };
}
