import { TomlError } from 'smol-toml';
import type { KeyPath } from './config-lines.ts';
import { type ConfigIssue, configSchema, defaultsSchema, peerSchema } from './config-schema.ts';
import { quoteKey } from './config-text.ts';

/** Something in the configuration that a person has to correct. */
export interface ConfigProblem {
  readonly file: string;
  /** The first line is 1. Null if no line is to blame: the file cannot be read, or is too large. */
  readonly line: number | null;
  /** What is there, and what was expected. Never holds a key. */
  readonly message: string;
}

/** What a problem is, and where, before the line is known. */
export interface DescribedIssue {
  readonly path: KeyPath;
  readonly message: string;
}

/** Makes sentences of one finding of the schema: one for each unknown key, else one. */
export function describeIssue(issue: ConfigIssue): readonly DescribedIssue[] {
  const path = (issue.path ?? []).flatMap(({ key }) =>
    typeof key === 'string' || typeof key === 'number' ? [key] : [],
  );
  const named = path.findLast((step) => typeof step === 'string');
  if (issue.type !== 'strict_object') {
    return [{ path, message: named === undefined ? issue.message : `${quoteKey(named)} ${issue.message}` }];
  }
  if (issue.expected === 'never') return unknownKeys(issue, path.slice(0, -1));
  // Nothing else is required.
  return [
    {
      path,
      message: `${placeOf(path.slice(0, -1))} has no "public_key"; add the peer's as 'wg show' prints it`,
    },
  ];
}

/** The library stops at the first one; people want to see all. */
function unknownKeys(issue: ConfigIssue, table: KeyPath): DescribedIssue[] {
  const found = issue.path?.at(-1)?.input;
  const known = knownKeys(table);
  const keys = typeof found === 'object' && found !== null ? Object.keys(found) : [];
  return keys
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: [...table, key],
      message: `unknown key ${quoteKey(key)} in ${placeOf(table)}; known are ${known.join(', ')}`,
    }));
}

function knownKeys(table: KeyPath): string[] {
  const [name] = table;
  const schema = name === 'peer' ? peerSchema : name === 'defaults' ? defaultsSchema : configSchema;
  return Object.keys(schema.entries);
}

function placeOf(table: KeyPath): string {
  const [name] = table;
  if (name === 'peer') return 'this [[peer]]';
  return name === undefined ? 'the file outside of any table' : `[${name}]`;
}

/** Says what the parser did not understand. `line` is null if it does not tell. */
export function describeSyntaxError(error: unknown): {
  readonly line: number | null;
  readonly message: string;
} {
  if (!(error instanceof TomlError)) {
    return { line: null, message: 'the file is no TOML that can be read' };
  }
  // The lines after the first quote the file.
  const reason = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
  const hint = valueTrouble.test(reason) ? '. Text must stand in double quotes: failback = "10m"' : '';
  return { line: error.line, message: `this is not valid TOML: ${reason}${hint}` };
}

/** What the parser says of a value without its quotes. */
const valueTrouble = /invalid value|end-of-line|numeric (value|literal)|leading zero|date/;
