import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  endpointFamily,
  formatEndpoint,
  parseEndpoint,
  parsePort,
  sameEndpoint,
  splitHostPort,
} from '../../src/wireguard/endpoint.ts';

const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('fe80::1%eth0'));
const port = fc.integer({ min: 1, max: 65535 });

describe('parseEndpoint', () => {
  it.each([
    ['203.0.113.1:51820', '203.0.113.1', 51820, 4],
    ['[2001:DB8::0:1]:51820', '2001:db8::1', 51820, 6],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0', 1, 6],
    ['[::ffff:203.0.113.1]:65535', '203.0.113.1', 65535, 4],
    ['2001:db8::1:51820', '2001:db8::1', 51820, 6],
  ])('reads %s', (text, expectedAddress, expectedPort, family) => {
    const endpoint = parseEndpoint(text);
    expect(endpoint).toEqual({ address: expectedAddress, port: expectedPort });
    if (endpoint !== null) expect(endpointFamily(endpoint)).toBe(family);
  });

  it.each([
    '',
    ':',
    '(none)',
    '203.0.113.1',
    '203.0.113.1:',
    '203.0.113.1:0',
    '203.0.113.1:65536',
    '203.0.113.1:1e3',
    '203.0.113.1:+5',
    '203.0.113.1: 5',
    '[203.0.113.1]:5',
    '[2001:db8::1]',
    '[2001:db8::1]5',
    '[[2001:db8::1]]:5',
    'vpn.example:51820',
    '[]:5',
  ])('refuses %j', (text) => {
    expect(parseEndpoint(text)).toBeNull();
  });

  it('reads back what formatEndpoint writes', () => {
    fc.assert(
      fc.property(address, port, (anyAddress, anyPort) => {
        const text = anyAddress.includes(':') ? `[${anyAddress}]:${anyPort}` : `${anyAddress}:${anyPort}`;
        const endpoint = parseEndpoint(text);
        expect(endpoint).not.toBeNull();
        if (endpoint === null) return;
        expect(parseEndpoint(formatEndpoint(endpoint))).toEqual(endpoint);
        expect(endpoint.port).toBe(anyPort);
      }),
    );
  });

  it('never throws, and what it accepts has one spelling', () => {
    const near = fc
      .tuple(address, fc.string({ unit: 'binary', maxLength: 3 }), port)
      .map((parts) => parts.join(':'));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), near), (text) => {
        const endpoint = parseEndpoint(text);
        if (endpoint !== null) expect(parseEndpoint(formatEndpoint(endpoint))).toEqual(endpoint);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('parsePort and splitHostPort', () => {
  it('takes ports from 1 to 65535 only', () => {
    expect(['1', '65535', '051'].map(parsePort)).toEqual([1, 65535, 51]);
    expect(['0', '65536', '-1', '1.5', 'domain', '', '0x50', '999999'].map(parsePort)).toEqual(
      Array.from({ length: 8 }, () => null),
    );
  });

  it('splits names as wg does', () => {
    expect(splitHostPort('vpn.example:51820')).toEqual({ host: 'vpn.example', port: '51820' });
    expect(splitHostPort('[2001:db8::1]:x')).toEqual({ host: '2001:db8::1', port: 'x' });
    expect(splitHostPort('vpn.example')).toBeNull();
  });
});

describe('sameEndpoint', () => {
  const at = (text: string, anyPort = 5) => ({ address: text, port: anyPort });

  it('overlooks a zone that only one side knows', () => {
    expect(sameEndpoint(at('fe80::1%eth0'), at('fe80::1'))).toBe(true);
    expect(sameEndpoint(at('fe80::1'), at('fe80::1%eth0'))).toBe(true);
    expect(sameEndpoint(at('fe80::1%eth0'), at('fe80::1%eth1'))).toBe(false);
    expect(sameEndpoint(at('fe80::1%eth0'), at('fe80::2'))).toBe(false);
  });

  it('sees another address or port', () => {
    expect(sameEndpoint(at('203.0.113.1'), at('203.0.113.1'))).toBe(true);
    expect(sameEndpoint(at('203.0.113.1'), at('203.0.113.2'))).toBe(false);
    expect(sameEndpoint(at('203.0.113.1', 5), at('203.0.113.1', 6))).toBe(false);
  });
});
