import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigEndpoint } from '../../src/sources/config-endpoint.ts';

const name = (host: string, port: number) => ({ kind: 'host', host: { kind: 'name', name: host }, port });
const literal = (address: string, family: 4 | 6, port: number) => ({
  kind: 'host',
  host: { kind: 'address', address, family },
  port,
});

describe('parseConfigEndpoint', () => {
  it.each([
    ['file', { kind: 'file' }],
    ['vpn.example:51820', name('vpn.example', 51820)],
    ['VPN.example.:1', name('VPN.example.', 1)],
    ['file:443', name('file', 443)],
    ['srv:443', name('srv', 443)],
    ['203.0.113.9:65535', literal('203.0.113.9', 4, 65535)],
    ['[2001:DB8::0001]:51820', literal('2001:db8::1', 6, 51820)],
    ['[::ffff:203.0.113.9]:51820', literal('203.0.113.9', 4, 51820)],
    ['[fe80::1%eth0]:51820', literal('fe80::1%eth0', 6, 51820)],
  ])('reads %s', (text, expected) => {
    expect(parseConfigEndpoint(text)).toEqual(expected);
  });

  it.each([
    ['', /is empty/],
    ['vpn.example', /has no port/],
    ['203.0.113.9', /has no port/],
    ['2001:db8::1', /brackets around the IPv6/],
    ['[2001:db8::1]', /has no port/],
    ['2001:db8::1:51820', /brackets around the IPv6/],
    ['[203.0.113.9]:51820', /IPv6 addresses only/],
    ['[vpn.example]:51820', /IPv6 addresses only/],
    ['vpn.example:0', /no port from 1 to 65535/],
    ['vpn.example:65536', /no port from 1 to 65535/],
    ['vpn.example:http', /no port from 1 to 65535/],
    ['vpn.example:', /not "host:port"/],
    [':51820', /not "host:port"/],
    ['-x.example:51820', /no usable host/],
    ['10.1:51820', /no usable host/],
    ['a b:51820', /no usable host/],
    ['srv:_wireguard._udp.example', /SRV records, which are not supported yet/],
    ['SRV:_wireguard._udp.example', /SRV records/],
  ])('refuses %j', (text, reason) => {
    expect(parseConfigEndpoint(text)).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) });
  });

  it('never throws, and takes only ports and hosts that exist', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(':', '[', ']', '51820', 'vpn.example', '2001:db8::1', '%', 'srv:', 'file'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const parsed = parseConfigEndpoint(pieces.join(''));
        if (parsed.kind !== 'host') return;
        expect(parsed.port).toBeGreaterThan(0);
        expect(parsed.port).toBeLessThan(65_536);
        expect(JSON.stringify(parsed.host)).not.toMatch(/\s/);
      }),
      { numRuns: 2_000 },
    );
  });
});
