import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const core = new URL('../../src/core/', import.meta.url);
const files = readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

/** The text without comments: words in them do no harm. */
function codeOf(name: string): string {
  return readFileSync(new URL(name, core), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}

/** What reads a clock, chance or the world. */
const impure = [
  /\bDate\b/,
  /\bperformance\b/,
  /\bMath\.random\b/,
  /\bcrypto\b/,
  /\bset(?:Timeout|Interval|Immediate)\b/,
  /\bqueueMicrotask\b/,
  /\bprocess\b/,
  /\bglobalThis\b/,
  /\bconsole\b/,
  /\bfetch\b/,
  /\brequire\b/,
  /\bawait\b|\basync\b|\bPromise\b/,
];

describe('the core', () => {
  it('has files to look at', () => {
    expect(files).toContain('peer.ts');
    expect(files.length).toBeGreaterThan(15);
  });

  for (const name of files) {
    it(`imports nothing from outside itself (${name})`, () => {
      const code = codeOf(name);
      const imports = code.matchAll(
        /^(?:import|export)\b[^;]*?\bfrom\s+'([^']+)'|\bimport\s*\(?\s*'([^']+)'/gm,
      );
      for (const [, from, bare] of imports) {
        const target = from ?? bare ?? '';
        expect(target).toMatch(/^\.\.?\/.*\.ts$/);
        expect(new URL(target, new URL(name, core)).href.startsWith(core.href), target).toBe(true);
      }
      expect(code.match(/\bimport\b/g)?.length ?? 0).toBe([...code.matchAll(/^import\b/gm)].length);
    });

    it(`reads no clock, no chance and no world (${name})`, () => {
      for (const pattern of impure) expect(codeOf(name)).not.toMatch(pattern);
    });
  }
});
