import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bareAddress } from '../../src/probe/bare-address.ts';

test.each([
  ['2001:DB8:0:0::0001', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['fe80:0::1%7', 'fe80::1'],
  ['203.0.113.1', '203.0.113.1'],
  ['::ffff:203.0.113.1', '::ffff:203.0.113.1'],
])('%s is %s', (text, expected) => {
  expect(bareAddress(text)).toBe(expected);
});

test.each(['', 'vpn.example', '1.2.3', '[::1]', '10.0.0.1%eth0', '203.0.113.1:51820'])(
  '"%s" is none',
  (text) => {
    expect(bareAddress(text)).toBeNull();
  },
);

test('arbitrary text never throws, and the result is its own bare address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.ipV4(), fc.ipV6()), (text) => {
      const bare = bareAddress(text);
      return bare === null || bareAddress(bare) === bare;
    }),
  );
});
