import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const maxLines = 400;

function sourcesIn(directory: string): string[] {
  return readdirSync(new URL(directory, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${directory}${name}`);
}

function textOf(file: string): string {
  return readFileSync(new URL(file, root), 'utf8');
}

/** The text without comments and without what stands between quotes. Line numbers stay. */
function codeOf(file: string): string {
  const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
  return textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, blank)
    .replace(/\/\/.*$/gm, blank);
}

/** Lines, as `file:line`, in which a pattern occurs. */
function linesWith(files: readonly string[], pattern: RegExp, read = codeOf): string[] {
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

/** Exported declarations without a docstring right before them. Later overloads of a function need none. */
function undocumented(file: string): string[] {
  const lines = textOf(file).split('\n');
  const declared = new Set<string>();
  return lines.flatMap((line, index) => {
    const name =
      /^export (?:default )?(?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/.exec(
        line,
      )?.[1];
    if (name === undefined || declared.has(name)) return [];
    declared.add(name);
    return lines[index - 1]?.trimEnd().endsWith('*/') ? [] : [`${file}:${index + 1} ${name}`];
  });
}

const source = sourcesIn('src/');
const own = [...source, ...sourcesIn('lab/'), ...sourcesIn('bench/')];
const all = [...own, ...sourcesIn('test/'), ...sourcesIn('e2e/')];

describe('the sources', () => {
  it('are found', () => {
    expect(source).toContain('src/core/peer.ts');
    expect(own.length).toBeGreaterThan(source.length);
  });

  it(`have no file of more than ${maxLines} lines`, () => {
    const long = own.filter((file) => textOf(file).trimEnd().split('\n').length > maxLines);
    expect(long).toEqual([]);
  });

  it('say what every exported thing promises', () => {
    expect(own.flatMap(undocumented)).toEqual([]);
  });

  it('have no `any` and no switched-off check', () => {
    expect(linesWith(all, /(?:[:<,|&(]|\bas|=>)\s*any\b/)).toEqual([]);
    // Put together here, so that this file does not find itself.
    const switchedOff = new RegExp(['@ts-', '(?:ignore|nocheck|expect-error)|', 'biome-', 'ignore'].join(''));
    expect(linesWith(all, switchedOff, textOf)).toEqual([]);
  });

  it('have nothing left to do in them', () => {
    const leftOver = new RegExp(['\\bTO', 'DO\\b|\\bFIX', 'ME\\b|\\bX', 'XX\\b'].join(''));
    expect(linesWith(all, leftOver, textOf)).toEqual([]);
  });

  it('name no path of one machine', () => {
    expect(linesWith(all, /['"`\s(](?:file:\/\/)?\/(?:work|home|root|Users|mnt|media)\/\w/, textOf)).toEqual(
      [],
    );
  });

  it('run no shell', () => {
    // A pattern's own `.exec(` is not meant.
    expect(linesWith(source, /(?<![.\w])exec\(|\bexecSync\(|\bshell:\s*(?!false\b)/)).toEqual([]);
    expect(
      linesWith(own, /(?:spawn|spawnSync|execFile)\(\s*['"](?:\/bin\/)?(?:ba|da|z)?sh['"]/, textOf),
    ).toEqual([]);
  });
});
