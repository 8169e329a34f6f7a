import { describe, expect, it } from 'vitest';
import { peerCandidates } from '../../src/daemon/peer-candidates.ts';
import type { NameEntry } from '../../src/resolve/name-book.ts';
import type { PlacedSource } from '../../src/sources/config-sources.ts';

const place = { file: '/etc/wireguard/wg0.conf', line: 7 };
const name = (host: string, port = 51820): PlacedSource => ({
  host: { kind: 'name', name: host },
  port,
  place,
});
const literal = (address: string, port = 51820): PlacedSource => ({
  host: { kind: 'address', address, family: address.includes(':') ? 6 : 4 },
  port,
  place,
});

function book(entries: Readonly<Record<string, Partial<NameEntry>>>): (host: string) => NameEntry | null {
  return (host) => {
    const entry = entries[host];
    return entry ? { addresses: { 6: [], 4: [] }, answeredAtMs: 1, failing: false, ...entry } : null;
  };
}

const endpoints = (found: ReturnType<typeof peerCandidates>) => found.candidates.map((one) => one.endpoint);

describe('the candidates of a peer', () => {
  it('follow the order of the sources, each endpoint once', () => {
    const found = peerCandidates(
      [name('a.example'), literal('203.0.113.9', 443), name('b.example')],
      book({
        'a.example': { addresses: { 6: ['2001:db8::1'], 4: ['203.0.113.1'] } },
        'b.example': { addresses: { 6: ['2001:db8::1'], 4: ['203.0.113.2'] } },
      }),
      [],
      null,
    );
    expect(endpoints(found)).toEqual([
      '[2001:db8::1]:51820',
      '203.0.113.1:51820',
      '203.0.113.9:443',
      '203.0.113.2:51820',
    ]);
    expect(found.candidates.map((one) => one.nameIndex)).toEqual([0, 0, 1, 2]);
    expect(found.settled).toBe(true);
  });

  it('leave out what can never be a peer, but not what the user wrote as a literal', () => {
    const addresses = { 6: ['::1', 'ff02::1'], 4: ['127.0.0.1', '0.0.0.0', '192.0.2.7', '203.0.113.1'] };
    const found = peerCandidates(
      [name('a.example'), literal('127.0.0.1')],
      book({ 'a.example': { addresses } }),
      ['192.0.2.7'],
      null,
    );
    expect(endpoints(found)).toEqual(['203.0.113.1:51820', '127.0.0.1:51820']);
  });

  it('end with the endpoint that last worked, unless it is listed anyway', () => {
    const known = book({ 'a.example': { addresses: { 6: [], 4: ['203.0.113.1'] } } });
    const found = peerCandidates([name('a.example')], known, [], '198.51.100.4:51820');
    expect(found.candidates.at(-1)).toMatchObject({
      endpoint: '198.51.100.4:51820',
      source: 'last-known-good',
    });
    expect(endpoints(peerCandidates([name('a.example')], known, [], '203.0.113.1:51820'))).toEqual([
      '203.0.113.1:51820',
    ]);
  });

  it('are not settled before every name was answered, unless something is known already', () => {
    expect(peerCandidates([name('a.example')], book({}), [], null)).toEqual({
      candidates: [],
      settled: false,
    });
    const asked = book({ 'a.example': { answeredAtMs: null } });
    expect(peerCandidates([name('a.example')], asked, [], null).settled).toBe(false);
    const failed = book({ 'a.example': { answeredAtMs: null, failing: true } });
    expect(peerCandidates([name('a.example')], failed, [], null).settled).toBe(true);
    expect(peerCandidates([name('a.example')], asked, [], '198.51.100.4:51820').settled).toBe(true);
  });
});
