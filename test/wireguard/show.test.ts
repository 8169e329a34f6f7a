import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCounters } from '../../src/wireguard/counters.ts';
import { parseNumberOrOff, parsePeerFacts } from '../../src/wireguard/facts.ts';

const one = randomBytes(32).toString('base64');
const two = randomBytes(32).toString('base64');

describe('parseCounters', () => {
  it('puts the lines together by key, whatever their order', () => {
    const parsed = parseCounters(
      `${two}\t(none)\n${one}\t[2001:db8::1]:51820\n`,
      `${one}\t4226789\t415040\n${two}\t0\t148\n`,
      `${one}\t1795300000\n${two}\t0\n`,
    );
    expect(parsed).toEqual({
      kind: 'ok',
      peers: new Map([
        [two, { endpoint: null, rxBytes: 0, txBytes: 148, latestHandshakeS: 0 }],
        [
          one,
          {
            endpoint: { address: '2001:db8::1', port: 51820 },
            rxBytes: 4_226_789,
            txBytes: 415_040,
            latestHandshakeS: 1_795_300_000,
          },
        ],
      ]),
    });
  });

  it('knows an interface without peers', () => {
    expect(parseCounters('', '', '')).toEqual({ kind: 'ok', peers: new Map() });
  });

  it('leaves out a peer that was added or removed between the calls', () => {
    const parsed = parseCounters(
      `${one}\t(none)\n${two}\t(none)\n`,
      `${one}\t1\t2\n`,
      `${one}\t3\n${two}\t0\n`,
    );
    expect(parsed.kind === 'ok' && [...parsed.peers.keys()]).toEqual([one]);
  });

  it('reads a peer whose endpoint is odd, and the others with it', () => {
    const parsed = parseCounters(
      `${one}\t203.0.113.1:0\n${two}\t203.0.113.2:5\n`,
      `${one}\t0\t0\n${two}\t0\t0\n`,
      `${one}\t0\n${two}\t0\n`,
    );
    expect(parsed.kind === 'ok' && parsed.peers.get(one)?.endpoint).toBeNull();
    expect(parsed.kind === 'ok' && parsed.peers.get(two)?.endpoint).toEqual({
      address: '203.0.113.2',
      port: 5,
    });
  });

  it.each([
    ['an endpoint', `${one}\tgarbage`, `${one}\t0\t0`, `${one}\t0`],
    ['a count', `${one}\t(none)`, `${one}\t0\t-1`, `${one}\t0`],
    ['a missing count', `${one}\t(none)`, `${one}\t0`, `${one}\t0`],
    ['a time', `${one}\t(none)`, `${one}\t0\t0`, `${one}\tnever`],
    ['a key', `key\t(none)`, `${one}\t0\t0`, `${one}\t0`],
  ])('fails in words at %s that it does not know', (_what, endpoints, transfer, handshakes) => {
    expect(parseCounters(endpoints, transfer, handshakes)).toMatchObject({ kind: 'failed' });
  });

  it('never throws and never prints control characters', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `${one}\t${text}`),
    );
    fc.assert(
      fc.property(line, line, line, (endpoints, transfer, handshakes) => {
        const parsed = parseCounters(endpoints, transfer, handshakes);
        if (parsed.kind !== 'ok') expect(parsed.detail).toMatch(/^[\x20-\x7e]{1,200}$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parsePeerFacts', () => {
  it('reads allowed IPs and keepalives', () => {
    expect(
      parsePeerFacts(`${one}\t10.0.0.1/32 fd00::1/128\n${two}\t(none)\n`, `${two}\toff\n${one}\t25\n`),
    ).toEqual({
      kind: 'ok',
      peers: new Map([
        [one, { allowedIps: ['10.0.0.1/32', 'fd00::1/128'], persistentKeepaliveS: 25 }],
        [two, { allowedIps: [], persistentKeepaliveS: 0 }],
      ]),
    });
  });

  it('fails in words at a keepalive that it does not know', () => {
    expect(parsePeerFacts(`${one}\t(none)`, `${one}\tsometimes`)).toMatchObject({ kind: 'failed' });
  });
});

describe('parseNumberOrOff', () => {
  it('reads marks as wg prints them', () => {
    expect(['off\n', '0xca6c', '51820', '0xffffffff'].map(parseNumberOrOff)).toEqual([
      0, 0xca6c, 51820, 0xffff_ffff,
    ]);
    expect(['', 'on', '4294967296', '-1', '0x', '1.5'].map(parseNumberOrOff)).toEqual(
      Array.from({ length: 6 }, () => null),
    );
  });
});
