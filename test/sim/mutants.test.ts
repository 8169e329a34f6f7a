import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../sim/mutants/apply.ts';
import { mutants } from '../../sim/mutants/list.ts';

const root = new URL('../../', import.meta.url);

describe('the mutants', () => {
  it.each(mutants)('"$name" still fits the sources', ({ edits }) => {
    const texts = new Map<string, string>();
    applyEdits(edits, {
      read: (file) => texts.get(file) ?? readFileSync(new URL(file, root), 'utf8'),
      write: (file, text) => texts.set(file, text),
    });
    for (const [file, text] of texts) expect(text).not.toBe(readFileSync(new URL(file, root), 'utf8'));
  });

  it('says so when a text is not there, or not clear', () => {
    const texts = { read: () => 'one two two', write: () => {} };
    const edit = { file: 'some.ts', to: '' };
    expect(() => applyEdits([{ ...edit, from: 'three' }], texts)).toThrow('some.ts does not have: three');
    expect(() => applyEdits([{ ...edit, from: 'two' }], texts)).toThrow('some.ts has 2 times: two');
  });
});
