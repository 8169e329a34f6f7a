import fc from 'fast-check';
import { parse, stringify } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { indexLines, type KeyPath } from '../../src/sources/config-lines.ts';

const document = `\ufeff# a comment [not.a.table]
top = 1 # x = 2

[defaults]
  profile = "fast"
'quoted key' = 1
"esc\\u0061ped" = 2

[[peer]]
text = """
endpoints = "no"
[[peer]]
""\\"""""
dotted.deep . "er" = 1
endpoints = [ # first
  "file",

  # one = "more"
  'a#b', "c]d",
  [
    1,
    { x = 1,
      y = [2,
           3] }
  ],
]
raw = '''
[[peer]]'''
after = true

[[peer]]\r
after = 1\r
[peer.table]
inner = 1
[[peer.list]]
one = 1
[[peer.list]]
two = 2

[[peer]]
inline = { a.b = 1, c = "}" }
`;

/** The line with this text, the first being 1. It is looked for anew, so that the document may be edited. */
function lineWith(text: string, occurrence = 1): number {
  const found = document
    .split('\n')
    .flatMap((line, index) => (line.includes(text) ? [index + 1] : []))
    .at(occurrence - 1);
  if (found === undefined) throw new Error(`the document has no ${text}`);
  return found;
}

describe('indexLines', () => {
  const lineOf = indexLines(document);

  it('is tried on a document that the parser accepts', () => {
    expect(parse(document)).toMatchObject({ peer: [{ after: true }, { after: 1 }, {}] });
  });

  it.each<[KeyPath, string, number?]>([
    [['top'], 'top = 1'],
    [['defaults'], '[defaults]'],
    [['defaults', 'profile'], 'profile ='],
    [['defaults', 'quoted key'], "'quoted key'"],
    [['defaults', 'escaped'], '"esc'],
    [['peer'], 'text = ""', 1],
    [['peer', 0, 'text'], 'text = ""'],
    [['peer', 0, 'dotted'], 'dotted.deep'],
    [['peer', 0, 'dotted', 'deep', 'er'], 'dotted.deep'],
    [['peer', 0, 'endpoints'], 'endpoints = ['],
    [['peer', 0, 'endpoints', 0], '"file",'],
    [['peer', 0, 'endpoints', 1], "'a#b'"],
    [['peer', 0, 'endpoints', 2], "'a#b'"],
    [['peer', 0, 'endpoints', 3, 0], '    1,'],
    [['peer', 0, 'endpoints', 3, 1, 'x'], 'x = 1,'],
    [['peer', 0, 'endpoints', 3, 1, 'y'], 'y = [2'],
    [['peer', 0, 'endpoints', 3, 1, 'y', 1], '3] }'],
    [['peer', 0, 'raw'], "raw = '''"],
    [['peer', 0, 'after'], 'after = true'],
    [['peer', 1, 'after'], 'after = 1'],
    [['peer', 1, 'table'], '[peer.table]'],
    [['peer', 1, 'table', 'inner'], 'inner = 1'],
    [['peer', 1, 'list', 0, 'one'], 'one = 1'],
    [['peer', 1, 'list', 1], '[[peer.list]]', 2],
    [['peer', 1, 'list', 1, 'two'], 'two = 2'],
    [['peer', 2, 'inline', 'a', 'b'], 'inline ='],
    [['peer', 2, 'inline', 'c'], 'inline ='],
  ])('finds %j', (path, text, occurrence) => {
    // The first [[peer]] has no text of its own: it stands right above its first key.
    const expected =
      path.length === 1 && path[0] === 'peer' ? lineWith(text) - 1 : lineWith(text, occurrence);
    expect(lineOf(path)).toBe(expected);
  });

  it('gives a missing key the line of its table, and null where there is nothing above it', () => {
    expect(lineOf(['peer', 0, 'public_key'])).toBe(lineWith('[[peer]]'));
    expect(lineOf(['peer', 1, 'list', 0, 'two'])).toBe(lineWith('[[peer.list]]'));
    expect(lineOf(['nothing'])).toBeNull();
    expect(lineOf([])).toBeNull();
  });

  it('finds every key of whatever the library writes', () => {
    const key = fc.oneof(
      fc.stringMatching(/^[a-z_-]{1,6}$/),
      fc.constantFrom('a.b', 'with "quotes"', 'é', '#', ''),
    );
    const scalar = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.integer(), fc.boolean());
    const value = fc.letrec((tie) => ({
      table: fc.dictionary(key, tie('any'), { maxKeys: 4, depthIdentifier: 'toml' }),
      any: fc.oneof(
        { depthIdentifier: 'toml', maxDepth: 4 },
        scalar,
        fc.array(scalar, { maxLength: 3 }),
        fc.array(tie('table'), { minLength: 1, maxLength: 3 }),
        tie('table'),
      ),
    })).table;
    fc.assert(
      fc.property(value, (table) => {
        const text = written(table);
        if (text === null) return;
        const lines = text.split('\n');
        const found = indexLines(text);
        for (const path of leafPaths(parse(text))) {
          const line = found(path);
          const last = path.findLast((step) => typeof step === 'string') ?? '';
          // A scalar stands on the line of its own key, bare or quoted.
          const keyText = (lines[(line ?? 0) - 1] ?? '').split(' = ')[0] ?? '';
          const isOwnLine = keyText === last || keyText === JSON.stringify(last) || keyText.includes(' ');
          expect([path, isOwnLine || lines[(line ?? 0) - 1]]).toEqual([path, true]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never throws and never hangs, whatever the text is', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '[',
        ']',
        '[[',
        ']]',
        '{',
        '}',
        '=',
        ',',
        '.',
        '\n',
        '#',
        '"',
        '"""',
        "'",
        "'''",
        '\\',
        'a',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('');
        const found = indexLines(text);
        for (const path of [['a'], ['a', 0], ['', 'a']]) {
          const line = found(path) ?? 1;
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(text.split('\n').length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['one dotted key of a megabyte', `${'a.'.repeat(500_000)}a = 1`],
    ['a megabyte of opening brackets', `a = ${'['.repeat(1_000_000)}`],
    ['a megabyte of opening braces', `a = ${'{a='.repeat(350_000)}`],
    ['a list of a hundred thousand', `a = [${'1,'.repeat(100_000)}]`],
  ])('is done soon with %s', (_what, text) => {
    const startedMs = performance.now();
    indexLines(text);
    // Milliseconds on an idle machine; minutes if the time grew with the square.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

/** Null for what the library cannot write, such as text with lone surrogates. */
function written(table: unknown): string | null {
  try {
    const text = stringify(table);
    parse(text);
    return text;
  } catch {
    return null;
  }
}

/** The paths of all values that are neither tables nor lists, entries of lists left out. */
function leafPaths(value: unknown, path: KeyPath = []): KeyPath[] {
  if (Array.isArray(value)) {
    return value.flatMap((each: unknown, index) =>
      typeof each === 'object' ? leafPaths(each, [...path, index]) : [],
    );
  }
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, each]) => leafPaths(each, [...path, key]));
}
