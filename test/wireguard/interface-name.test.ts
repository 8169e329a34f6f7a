import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInterfaceName } from '../../src/wireguard/interface-name.ts';

describe('parseInterfaceName', () => {
  it.each(['wg0', 'a', 'abcdefghijklmno', 'wg-home.1', 'wg_home', 'wg+=', 'ü'])('accepts %j', (name) => {
    expect(parseInterfaceName(name)).toEqual({ kind: 'ok', name });
  });

  it.each([
    ['', /empty/],
    ['abcdefghijklmnop', /16 bytes/],
    ['üüüüüüüü', /16 bytes/],
    ['.', /not interface names/],
    ['..', /not interface names/],
    ['-h', /starts with/],
    ['a/b', /contains/],
    ['a:b', /contains/],
    ['a b', /white space/],
    ['wg0\n', /white space/],
    ['wg\u00000', /control/],
    ['wg\u001b[', /control/],
    ['all', /does not mean/],
    ['interfaces', /does not mean/],
    ['help', /does not mean/],
  ])('refuses %j', (name, reason) => {
    expect(parseInterfaceName(name)).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) });
  });

  it('never accepts what could leave a directory or become an option', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        if (parseInterfaceName(text).kind === 'invalid') return;
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(15);
        expect(text).toMatch(/^[^-\s/:][^\s/:]*$/);
      }),
      { numRuns: 2000 },
    );
  });
});
