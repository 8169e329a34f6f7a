/** Where in a document something stands: `['peer', 0, 'endpoints', 2]`. */
export type KeyPath = readonly (string | number)[];

/** The first line is 1. Null if neither the path nor anything above it stands in the document. */
export type LineOf = (path: KeyPath) => number | null;

/**
 * The parser of the configuration refuses lists and tables nested deeper; below this a value is skipped as a whole.
 * A dotted key of more parts is cut off, since the time for it grows with the square of their number.
 */
const maxDepth = 32;

/**
 * Finds the line of each key, table and list entry of a TOML document, since the parser tells lines of syntax
 * errors only. A path that is not there itself, as that of a missing key, gets the line of the nearest thing above.
 *
 * Made for documents that the parser accepted. Of any other text it makes what it can, and never throws.
 */
export function indexLines(text: string): LineOf {
  const lines = new Map<string, number>();
  /** The number of tables so far of each `[[list]]`. */
  const tableCounts = new Map<string, number>();
  let position = 0;
  let line = 1;

  const current = (): string => text.charAt(position);
  const advance = (count = 1): void => {
    for (let left = count; left > 0 && position < text.length; left--) {
      if (text.charAt(position) === '\n') line++;
      position++;
    }
  };
  const advanceWhile = (isPart: (character: string) => boolean): void => {
    while (position < text.length && isPart(current())) advance();
  };
  const skipComment = (): void => {
    if (current() === '#') advanceWhile((character) => character !== '\n');
  };
  /** White space, line ends and comments. */
  const skipVoid = (): void => {
    do {
      advanceWhile(isWhite);
      skipComment();
    } while (position < text.length && isWhite(current()));
  };
  const skipToLineEnd = (): void => advanceWhile((character) => character !== '\n');

  /** The text of a string with its quotes, which is skipped. */
  const readString = (): string => {
    const start = position;
    const quote = current();
    const isMultiline = text.startsWith(quote.repeat(3), position);
    const end = isMultiline ? quote.repeat(3) : quote;
    advance(end.length);
    while (position < text.length && !text.startsWith(end, position)) {
      if (!isMultiline && current() === '\n') return text.slice(start, position);
      advance(quote === '"' && current() === '\\' ? 2 : 1);
    }
    advance(end.length);
    // One or two quotes may stand right before the closing three.
    if (isMultiline) advanceWhile((character) => character === quote);
    return text.slice(start, position);
  };

  /** The parts of a dotted key, up to and including `end`. Null if there is none before the end of the line. */
  const readKey = (end: string): string[] | null => {
    const parts: string[] = [];
    const add = (part: string): void => {
      if (parts.length < maxDepth) parts.push(part);
    };
    while (position < text.length && current() !== '\n') {
      const character = current();
      if (character === end) {
        advance();
        return parts;
      }
      if (character === '"' || character === "'") add(unquote(readString()));
      else if (isBare(character)) {
        const start = position;
        advanceWhile(isBare);
        add(text.slice(start, position));
      } else advance();
    }
    return null;
  };

  /** Walks from `base` along a dotted key and notes the line of each step that is new. */
  const descend = (base: KeyPath, parts: readonly string[]): (string | number)[] => {
    const path = [...base];
    for (const part of parts) {
      path.push(part);
      note(path);
      const count = tableCounts.get(nameOf(path));
      if (count !== undefined) path.push(count - 1);
    }
    return path;
  };
  const note = (path: KeyPath): void => {
    const name = nameOf(path);
    if (!lines.has(name)) lines.set(name, line);
  };

  const readHeading = (): KeyPath => {
    advance();
    const isList = current() === '[';
    if (isList) advance();
    const headingLine = line;
    const parts = readKey(']') ?? [];
    skipToLineEnd();
    const last = parts.at(-1);
    if (!isList || last === undefined) {
      const path = descend([], parts);
      lines.set(nameOf(path), headingLine);
      return path;
    }
    const list = [...descend([], parts.slice(0, -1)), last];
    note(list);
    const index = tableCounts.get(nameOf(list)) ?? 0;
    tableCounts.set(nameOf(list), index + 1);
    note([...list, index]);
    return [...list, index];
  };

  const readPair = (base: KeyPath, depth: number): void => {
    const keyLine = line;
    const parts = readKey('=');
    if (parts === null) return;
    const path = descend(base, parts);
    lines.set(nameOf(path), keyLine);
    skipVoid();
    readValue(path, depth);
  };

  const readValue = (path: KeyPath, depth: number): void => {
    const character = current();
    if (character === '"' || character === "'") readString();
    else if (character === '[' && depth < maxDepth) readList(path, depth + 1);
    else if (character === '{' && depth < maxDepth) readInlineTable(path, depth + 1);
    else advanceWhile((each) => !',]}#\n'.includes(each));
  };

  const readList = (path: KeyPath, depth: number): void => {
    advance();
    for (let index = 0; position < text.length; index++) {
      skipVoid();
      if (current() === ']') break;
      const before = position;
      note([...path, index]);
      readValue([...path, index], depth);
      skipVoid();
      if (current() === ',') advance();
      else if (position === before) return;
    }
    advance();
  };

  const readInlineTable = (path: KeyPath, depth: number): void => {
    advance();
    while (position < text.length) {
      skipVoid();
      if (current() === '}') break;
      const before = position;
      readPair(path, depth);
      skipVoid();
      if (current() === ',') advance();
      else if (position === before) return;
    }
    advance();
  };

  let table: KeyPath = [];
  for (skipVoid(); position < text.length; skipVoid()) {
    const before = position;
    if (current() === '[') table = readHeading();
    else readPair(table, 0);
    if (position === before) advance();
  }

  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const found = lines.get(nameOf(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return null;
  };
}

function nameOf(path: KeyPath): string {
  return JSON.stringify(path);
}

function isWhite(character: string): boolean {
  return ' \t\r\n\ufeff'.includes(character);
}

function isBare(character: string): boolean {
  return /[A-Za-z0-9_-]/.test(character);
}

/** JSON has nearly the same escapes as TOML's basic strings; a key with one of the others keeps its spelling. */
function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("'")) return inner;
  try {
    const parsed: unknown = JSON.parse(quoted);
    return typeof parsed === 'string' ? parsed : inner;
  } catch {
    return inner;
  }
}
