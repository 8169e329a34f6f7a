import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHost } from '../../src/resolve/host-name.ts';

describe('parseHost', () => {
  it.each([
    'vpn.example',
    'VPN.Example.',
    'a',
    'my_peer-1.dyn.example',
    '1.2.3.example',
    'xn--bcher-kva.example',
  ])('takes %j for a name', (name) => {
    expect(parseHost(name)).toEqual({ kind: 'name', name });
  });

  it.each([
    ['203.0.113.1', '203.0.113.1', 4],
    ['2001:DB8::1', '2001:db8::1', 6],
    ['fe80::1%eth0', 'fe80::1%eth0', 6],
    ['::ffff:203.0.113.1', '203.0.113.1', 4],
  ])('takes %j for an address', (text, address, family) => {
    expect(parseHost(text)).toEqual({ kind: 'address', address, family });
  });

  it.each([
    ['', /empty/],
    ['  \t', /empty/],
    ['-h', /starts with/],
    ['.', /empty part/],
    ['a..b', /empty part/],
    ['.a', /empty part/],
    ['vpn example', /only letters/],
    ['vpn.example\n', /only letters/],
    ['bücher.example', /only letters/],
    ['a/b', /only letters/],
    ['2001:db8::1::', /neither/],
    ['vpn.example:51820', /neither/],
    [`${'a'.repeat(64)}.example`, /63/],
    [`${'a.'.repeat(126)}aa`, /254 characters/],
    ['a.-b.example', /hyphen/],
    ['a-.example', /hyphen/],
    ['10.1', /number/],
    ['12345', /number/],
    ['203.0.113.256', /number/],
    ['0x7f000001', /number/],
    ['a.0x', /number/],
  ])('refuses %j', (text, reason) => {
    expect(parseHost(text)).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) });
  });

  it('accepts 253 characters, and a closing dot besides', () => {
    const longest = `${'a.'.repeat(126)}a`;
    expect(longest).toHaveLength(253);
    expect(parseHost(longest).kind).toBe('name');
    expect(parseHost(`${longest}.`).kind).toBe('name');
  });

  it('never throws, and no name can become an option or more than one argument', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.stringMatching(/^[-a-z0-9.:%]*$/)),
        (text) => {
          const host = parseHost(text);
          if (host.kind === 'name') expect(host.name).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('accepts every domain name', () => {
    fc.assert(
      fc.property(fc.domain(), (name) => {
        expect(parseHost(name)).toEqual({ kind: 'name', name });
      }),
    );
  });
});
