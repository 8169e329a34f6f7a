import { expect, it } from 'vitest';
import type { PeerRecord } from '../../../src/wireguard/reset/record.ts';
import { encodeRecord } from '../../../src/wireguard/reset/record.ts';
import { maxRecordAgeMs, recoverResets } from '../../../src/wireguard/reset/recover-resets.ts';
import { type FakeHost, fakeHost } from './fake-host.ts';

const peer = `${'B'.repeat(42)}A=`;
const other = `${'C'.repeat(42)}A=`;
const psk = `${'K'.repeat(42)}A=`;
const request = { interface: 'wg0', journalDirectory: '/nowhere', timeoutMs: 5_000 };
const file = `wg0 ${peer}`;

function cutOff(changes: Partial<PeerRecord> = {}): FakeHost {
  const host = fakeHost();
  const record: PeerRecord = {
    interface: 'wg0',
    interfaceIndex: 7,
    bootId: 'boot',
    atBootMs: host.bootMs,
    peer,
    endpoint: { address: '203.0.113.1', port: 51820 },
    allowedIps: ['10.0.0.0/24', 'fd00::/64'],
    persistentKeepaliveS: 25,
    presharedKey: Buffer.from(psk),
    ...changes,
  };
  host.files.set(file, encodeRecord(record));
  return host;
}

const whole = () => ({
  psk,
  endpoint: '192.0.2.1:5',
  ips: ['10.0.0.0/24', 'fd00::/64'],
  keepaliveS: 25,
  rxBytes: 9,
});

it('does nothing without a journal', async () => {
  const host = fakeHost();
  expect(await recoverResets(request, host)).toEqual([]);
  expect(host.steps).toEqual(['journal.list']);
});

it('puts a missing peer back, with the proven endpoint', async () => {
  const host = cutOff();
  expect(await recoverResets(request, host)).toMatchObject([{ kind: 'restored', peer }]);
  expect(host.peers.get(peer)).toEqual({ ...whole(), endpoint: '203.0.113.1:51820', rxBytes: 0 });
  expect(host.files.size + host.aside.size).toBe(0);
});

it('leaves a whole peer and its endpoint alone', async () => {
  const host = cutOff();
  host.peers.set(peer, whole());
  expect(await recoverResets(request, host)).toMatchObject([{ kind: 'complete' }]);
  expect(host.writes).toEqual([]);
  expect(host.files.size).toBe(0);
});

it.each([
  ['the preshared key', { psk: null }],
  ['some allowed IPs', { ips: ['10.0.0.0/24'] }],
  ['all allowed IPs', { ips: [] }],
  ['the keepalive', { keepaliveS: 0 }],
  ['the endpoint', { endpoint: null }],
])('completes a peer that lacks %s', async (_what, lack) => {
  const host = cutOff();
  host.peers.set(peer, { ...whole(), ...lack });
  expect(await recoverResets(request, host)).toMatchObject([{ kind: 'restored' }]);
  const endpoint = 'endpoint' in lack ? '203.0.113.1:51820' : '192.0.2.1:5';
  expect(host.peers.get(peer)).toEqual({ ...whole(), endpoint });
});

it.each([
  ['another preshared key', { psk: `${'L'.repeat(42)}A=` }],
  ['more allowed IPs', { ips: ['10.0.0.0/24', 'fd00::/64', '10.9.0.0/24'] }],
  ['another keepalive', { keepaliveS: 7 }],
])('leaves a peer that somebody gave %s', async (_what, change) => {
  const host = cutOff();
  host.peers.set(peer, { ...whole(), ...change });
  expect(await recoverResets(request, host)).toMatchObject([{ kind: 'dropped' }]);
  expect(host.peers.get(peer)).toEqual({ ...whole(), ...change });
});

it.each([
  ['allowed IPs other than before', { ips: ['10.9.0.0/24'] }],
  ['more allowed IPs, and lacks the preshared key', { psk: null, ips: [...whole().ips, '10.9.0.0/24'] }],
])('leaves a peer that somebody gave %s, and keeps the file for a person', async (_what, change) => {
  const host = cutOff();
  host.peers.set(peer, { ...whole(), ...change });
  expect(await recoverResets(request, host)).toMatchObject([{ kind: 'set-aside' }]);
  expect(host.peers.get(peer)).toEqual({ ...whole(), ...change });
  expect(host.files.size).toBe(0);
  expect(host.aside.size).toBe(1);
});

it('does not bring a peer back that others have taken the place of', async () => {
  const host = cutOff();
  host.peers.set(other, { ...whole(), psk: null });
  expect(await recoverResets(request, host)).toMatchObject([{ kind: 'set-aside' }]);
  expect([...host.peers.keys()]).toEqual([other]);
  expect([...host.aside.keys()]).toEqual([file]);
});

it('leaves others what they have of its allowed IPs', async () => {
  const host = cutOff();
  host.peers.set(other, { ...whole(), psk: null, ips: ['fd00::/64'] });
  expect(await recoverResets(request, host)).toMatchObject([
    { kind: 'restored', detail: expect.stringContaining('fd00::/64') },
  ]);
  expect(host.peers.get(peer)?.ips).toEqual(['10.0.0.0/24']);
  expect(host.peers.get(other)?.ips).toEqual(['fd00::/64']);
});

it.each([
  ['in time', -maxRecordAgeMs + 1_000, 'restored'],
  ['too late', -maxRecordAgeMs - 1_000, 'set-aside'],
  ['from the future', 3_600_000, 'set-aside'],
])('a missing peer, %s', async (_when, byMs, kind) => {
  const host = cutOff({ atBootMs: 1_000_000 + byMs });
  const [recovery] = await recoverResets(request, host);
  expect(recovery).toMatchObject({ kind });
  expect(host.peers.has(peer)).toBe(kind === 'restored');
  expect(host.files.size).toBe(0);
  expect(host.aside.size).toBe(kind === 'restored' ? 0 : 1);
});

it('needs no person where the peer is whole, however late', async () => {
  const host = cutOff({ atBootMs: 0 });
  host.peers.set(peer, whole());
  expect(await recoverResets(request, host)).toMatchObject([{ kind: 'complete' }]);
  expect(host.aside.size).toBe(0);
});

it.each([
  ['another interface of the name', { interfaceIndex: 6 }],
  ['another boot', { bootId: 'earlier' }],
])('drops what is about %s', async (_what, change) => {
  const host = cutOff(change);
  expect(await recoverResets(request, host)).toMatchObject([{ kind: 'dropped' }]);
  expect(host.peers.size + host.files.size + host.writes.length).toBe(0);
});

it('drops it where the interface is gone', async () => {
  const host = cutOff();
  host.index = null;
  expect(await recoverResets(request, host)).toMatchObject([{ kind: 'dropped' }]);
  expect(host.files.size).toBe(0);
});

it('sets a damaged file aside, and one about another peer than its name says', async () => {
  for (const spoil of [Buffer.from('damaged'), cutOff({ peer: other }).files.get(file)]) {
    const host = cutOff();
    host.files.set(file, spoil ?? Buffer.alloc(0));
    expect(await recoverResets(request, host)).toMatchObject([{ kind: 'set-aside', peer }]);
    expect(host.peers.size + host.writes.length + host.files.size).toBe(0);
    expect(host.aside.size).toBe(1);
  }
});

it('leaves the files of other interfaces alone', async () => {
  const host = cutOff();
  expect(await recoverResets({ ...request, interface: 'wg1' }, host)).toEqual([]);
  expect(host.files.size).toBe(1);
});

it('never says a secret', async () => {
  for (const host of [cutOff(), cutOff({ atBootMs: 0 }), cutOff({ interfaceIndex: 1 })]) {
    expect(JSON.stringify(await recoverResets(request, host))).not.toContain(psk);
  }
});
