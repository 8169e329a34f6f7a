import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallOptions, WireGuardNamespace } from './wireguard-namespace.ts';
import { createWireGuardPair, type WireGuardPair } from './wireguard-pair.ts';

const timeoutMs = 10_000;

let pair: WireGuardPair;
let namespace: WireGuardNamespace;
let client: string;
let serverKey: string;
let bystander: string;

beforeAll(async () => {
  pair = await createWireGuardPair();
  ({ namespace, client, serverKey, bystander } = pair);
  return () => namespace.close();
});

beforeEach(() => pair.reset());

const set = (
  endpoint: { address: string; port: number },
  options?: CallOptions,
  limitMs = timeoutMs,
  peer = serverKey,
) =>
  namespace.call(
    'wireguard/set-endpoint.js',
    'setEndpoint',
    [{ interface: client, peer, endpoint, timeoutMs: limitMs }],
    options,
  );
const elsewhere = { address: '203.0.113.7', port: 443 };

const both = () => [bystander, serverKey].sort((one, other) => (one < other ? -1 : 1));

describe('setEndpoint', () => {
  it.each([
    ['IPv4', { address: '203.0.113.7', port: 443 }, '203.0.113.7:443'],
    ['IPv6', { address: '2001:db8::7', port: 51820 }, '[2001:db8::7]:51820'],
    ['the same again', { address: '127.0.0.1', port: 51002 }, '127.0.0.1:51002'],
  ])('sets %s on the right peer and nothing else', async (_what, endpoint, text) => {
    expect(await set(endpoint)).toMatchObject({ kind: 'set', readBack: { endpoint } });
    expect(await pair.endpoint(serverKey)).toBe(text);
    expect(await pair.endpoint(bystander)).toBe('192.0.2.9:9');
    expect(await namespace.run('wg', 'show', client, 'allowed-ips')).toContain(
      `${serverKey}\t10.77.0.1/32 fd77::1/128`,
    );
  });

  it('sets a link-local address with a zone, though wireguard-go does not print the zone', async () => {
    expect(await set({ address: 'fe80::7%lo', port: 5 })).toMatchObject({ kind: 'set' });
  });

  it('does not create a peer that the interface does not have', async () => {
    const before = await pair.peers();
    const absent = randomBytes(32).toString('base64');
    expect(await set(elsewhere, {}, timeoutMs, absent)).toEqual({ kind: 'peer-gone', removed: false });
    expect(await pair.peers()).toEqual(before);
  });

  const removeThenSet = (after: string) =>
    `if [ "$1" = set ] && [ "$5" = endpoint ]; then wg set "$2" peer "$4" remove || exit 9; wg "$@"; code=$?; ${after}; exit $code; fi\nexec wg "$@"`;

  it('takes away again a peer that vanished right before the write, and that the write created', async () => {
    const path = pair.wrapWg('vanish', removeThenSet(':'));
    expect(await set(elsewhere, { path })).toEqual({ kind: 'peer-gone', removed: true });
    expect(await pair.peers()).toEqual([bystander]);
  });

  it('takes it away also when `wg` hangs after the write', async () => {
    const path = pair.wrapWg('vanish-hang', removeThenSet('exec sleep 60'));
    expect(await set(elsewhere, { path }, 1500)).toEqual({ kind: 'peer-gone', removed: true });
    expect(await pair.peers()).toEqual([bystander]);
  });

  it('takes it away also after there was traffic', async () => {
    await namespace.run('wg', 'set', client, 'peer', serverKey, 'persistent-keepalive', '1');
    await expect
      .poll(() => namespace.run('wg', 'show', client, 'latest-handshakes'), { timeout: 15_000 })
      .not.toContain(`${serverKey}\t0`);
    expect(await set(elsewhere, { path: pair.wrapWg('vanish', removeThenSet(':')) })).toEqual({
      kind: 'peer-gone',
      removed: true,
    });
    expect(await pair.peers()).toEqual([bystander]);
  });

  it('leaves a peer that somebody removed and configured again meanwhile', async () => {
    const path = pair.wrapWg('renew', removeThenSet('wg set "$2" peer "$4" allowed-ips 10.77.0.0/24'));
    expect(await set(elsewhere, { path })).toMatchObject({ kind: 'set' });
    expect(await pair.peers()).toEqual(both());
  });

  it('says so when the peer is gone after the write', async () => {
    const script = `if [ "$1" = set ]; then wg "$@"; exec wg set "$2" peer "$4" remove; fi\nexec wg "$@"`;
    expect(await set(elsewhere, { path: pair.wrapWg('gone', script) })).toEqual({
      kind: 'peer-gone',
      removed: false,
    });
    expect(await pair.peers()).toEqual([bystander]);
  });

  it('says so when roaming has moved the endpoint back', async () => {
    const script = `if [ "$1" = set ]; then wg "$@"; exec wg set "$2" peer "$4" endpoint 127.0.0.1:51002; fi\nexec wg "$@"`;
    expect(await set(elsewhere, { path: pair.wrapWg('roam', script) })).toMatchObject({
      kind: 'reverted',
      readBack: { endpoint: { address: '127.0.0.1', port: 51002 } },
    });
  });

  it.each([
    ['hangs at reading', 'exec sleep 60', 'timed-out'],
    ['hangs at setting', 'if [ "$1" = set ]; then exec sleep 60; fi; exec wg "$@"', 'timed-out'],
    [
      'fails',
      'if [ "$1" = set ]; then echo "Unable to modify interface: Out of memory" >&2; exit 1; fi; exec wg "$@"',
      'failed',
    ],
    [
      'may not write',
      'if [ "$1" = set ]; then echo "Unable to modify interface: Operation not permitted" >&2; exit 1; fi; exec wg "$@"',
      'not-permitted',
    ],
    ['prints garbage', 'head -c 5000 /dev/urandom', 'failed'],
    ['prints without end', 'exec yes', 'timed-out'],
    ['prints nothing', 'exit 0', 'peer-gone'],
  ])('ends in time and in words when `wg` %s', async (what, script, kind) => {
    const startedMs = performance.now();
    const result = await set(elsewhere, { path: pair.wrapWg(what.replaceAll(' ', '-'), script) }, 1500);
    expect(result).toMatchObject({ kind });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expect(await pair.endpoint(serverKey)).toBe('127.0.0.1:51002');
    expect(await pair.peers()).toEqual(both());
  });

  it('says so when the interface goes while it works', async () => {
    const doomed = await namespace.addInterface();
    await namespace.run('wg', 'set', doomed, 'peer', serverKey, 'allowed-ips', '10.79.0.1/32');
    const script = `if [ "$1" = set ]; then ip link del "$2"; while [ -e /var/run/wireguard/"$2".sock ]; do sleep 0.05; done; fi\nexec wg "$@"`;
    const result = await namespace.call(
      'wireguard/set-endpoint.js',
      'setEndpoint',
      [{ interface: doomed, peer: serverKey, endpoint: elsewhere, timeoutMs }],
      { path: pair.wrapWg('doomed', script) },
    );
    expect(result).toMatchObject({ kind: 'no-such-interface' });
  });
});
