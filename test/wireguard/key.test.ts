import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePublicKey } from '../../src/wireguard/key.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('parsePublicKey', () => {
  it('accepts the base64 form of any 32 bytes', () => {
    fc.assert(
      fc.property(bytes32, (bytes) => {
        const key = Buffer.from(bytes).toString('base64');
        expect(parsePublicKey(key)).toEqual({ kind: 'ok', key });
      }),
    );
  });

  it('accepts exactly one spelling of a key', () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const stem = randomBytes(32).toString('base64').slice(0, 42);
    const accepted = [...digits]
      .map((last) => `${stem}${last}=`)
      .filter((key) => parsePublicKey(key).kind === 'ok');
    expect(accepted).toHaveLength(16);
    for (const key of accepted) expect(Buffer.from(key, 'base64').toString('base64')).toBe(key);
  });

  it('accepts arbitrary text only if it decodes to 32 bytes and back to itself', () => {
    const near = bytes32.chain((bytes) => {
      const key = Buffer.from(bytes).toString('base64');
      return fc
        .tuple(fc.nat(43), fc.string({ maxLength: 2 }))
        .map(([at, put]) => key.slice(0, at) + put + key.slice(at + 1));
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), near), (text) => {
        const decoded = Buffer.from(text, 'base64');
        const isKey = decoded.length === 32 && decoded.toString('base64') === text;
        expect(parsePublicKey(text).kind).toBe(isKey ? 'ok' : 'invalid');
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['', /empty/],
    ['  ', /empty/],
    ['abc', /3 characters/],
    [` ${'A'.repeat(43)}=`, /white space/],
    [`${'A'.repeat(43)}=\n`, /white space/],
    ['A'.repeat(44), /does not end/],
    [`${'A'.repeat(42)}-=`, /not base64/],
    [`${'A'.repeat(42)}B=`, /last digit/],
  ])('says why %j is no key', (text, reason) => {
    expect(parsePublicKey(text)).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) });
  });

  it('does not repeat the text, which may be a private key', () => {
    const secret = randomBytes(32).toString('base64').replace('=', '');
    const parsed = parsePublicKey(secret);
    expect(parsed.kind).toBe('invalid');
    expect(JSON.stringify(parsed)).not.toContain(secret.slice(0, 8));
  });
});
