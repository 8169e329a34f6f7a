import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrefix, prefixContains, valueToAddress } from '../../src/wireguard/prefix.ts';

describe('parsePrefix', () => {
  it('keeps the host part of what was written', () => {
    const prefix = parsePrefix('172.25.1.1/24');
    expect(prefix).toMatchObject({ family: 4, address: '172.25.1.1', length: 24 });
    expect(prefix && valueToAddress(4, prefix.firstValue)).toBe('172.25.1.0');
    expect(prefix && valueToAddress(4, prefix.lastValue)).toBe('172.25.1.255');
  });

  it('takes a bare address as a prefix of one', () => {
    expect(parsePrefix('10.0.0.1')).toMatchObject({ length: 32 });
    expect(parsePrefix('FD00::1')).toMatchObject({ address: 'fd00::1', length: 128 });
  });

  it.each([
    '',
    '/',
    '10.0.0.1/',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/8/8',
    'fd00::/129',
    'x/8',
    'fe80::1%a/64',
    '::ffff:1.2.3.4/96',
  ])('refuses %j', (text) => {
    expect(parsePrefix(text)).toBeNull();
  });

  it('contains what Node says it contains', () => {
    const pair = fc.oneof(
      fc.tuple(fc.ipV4(), fc.ipV4(), fc.nat(32), fc.constant('ipv4' as const)),
      fc.tuple(fc.ipV6(), fc.ipV6(), fc.nat(128), fc.constant('ipv6' as const)),
    );
    fc.assert(
      fc.property(pair, fc.boolean(), ([network, other, length, type], near) => {
        const prefix = parsePrefix(`${network}/${length}`);
        const probe = parsePrefix(near ? network : other);
        if (prefix === null || probe === null) return;
        const value = near ? probe.addressValue ^ 1n : probe.addressValue;
        const list = new BlockList();
        list.addSubnet(network, length, type);
        const text = valueToAddress(prefix.family, value);
        expect(prefixContains(prefix, probe.family, value)).toBe(list.check(text, type));
        expect(parsePrefix(text)?.addressValue).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });
});
