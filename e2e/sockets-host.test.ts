import { createSocket, type RemoteInfo } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { acquireLock } from '../src/host/lock.ts';
import { routeTo } from '../src/host/route.ts';
import { sendInnerPacket } from '../src/probe/inner-packet.ts';
import {
  answering,
  byDeviceOnly,
  createSocketNetwork,
  families,
  mark,
  markedOnly,
  noRoute,
  type SocketNetwork,
} from '../test/host/socket-network.ts';

let net: SocketNetwork;

beforeAll(async () => {
  net = await createSocketNetwork();
}, 60_000);
afterAll(() => net.remove());
afterEach(() => {
  vi.unstubAllEnvs();
  net.enter(net.near);
});

describe('a packet through an interface', () => {
  /** What arrives at a UDP port of `far`. */
  function listenFar(port: number): Promise<{ arrived: RemoteInfo[]; close(): void }> {
    net.enter(net.far);
    const socket = createSocket('udp6');
    const arrived: RemoteInfo[] = [];
    socket.on('message', (_packet, sender) => arrived.push(sender));
    return new Promise((resolve) => {
      socket.bind(port, () => {
        net.enter(net.near);
        resolve({ arrived, close: () => socket.close() });
      });
    });
  }

  test.each(families)('IPv%i leaves by the device and not by the route', async (family) => {
    const far = await listenFar(9);
    const address = byDeviceOnly[family];
    expect(await sendInnerPacket(address, { device: 'v1' })).toEqual({ kind: 'sent', bound: true });
    await vi.waitFor(() => expect(far.arrived).toHaveLength(1));
    expect(far.arrived[0]?.address).toBe(family === 4 ? '::ffff:10.9.1.1' : '2001:db8:a::1');
    expect(far.arrived[0]?.size).toBeGreaterThan(0);
    // Without the library the route decides: here towards nobody.
    vi.stubEnv('WG_REACH_NO_NATIVE', '1');
    expect(await sendInnerPacket(address, { device: 'v1' })).toEqual({ kind: 'sent', bound: false });
    await sleep(300);
    expect(far.arrived).toHaveLength(1);
    far.close();
  });

  test.each([
    [4, '0'],
    [4, '1'],
    [6, '0'],
    [6, '1'],
  ] as const)('IPv%i has the hop limit asked for (WG_REACH_NO_NATIVE=%s)', async (family, off) => {
    vi.stubEnv('WG_REACH_NO_NATIVE', off);
    const table = `hops${family}${off}`;
    const match = family === 4 ? ['ip', 'ttl', '5'] : ['ip6', 'hoplimit', '5'];
    net.run(net.far, 'nft', 'add', 'table', 'inet', table);
    net.run(net.far, 'nft', 'add', 'chain', 'inet', table, 'in', '{ type filter hook input priority 0; }');
    net.run(net.far, 'nft', 'add', 'rule', 'inet', table, 'in', ...match, 'udp', 'dport', '19', 'counter');
    const address = answering[family];
    expect(await sendInnerPacket(address, { device: 'v0', port: 19, ttl: 6 })).toMatchObject({
      kind: 'sent',
    });
    expect(await sendInnerPacket(address, { device: 'v0', port: 19, ttl: 5 })).toMatchObject({
      kind: 'sent',
    });
    await vi.waitFor(() =>
      expect(net.run(net.far, 'nft', 'list', 'table', 'inet', table)).toContain('counter packets 1 '),
    );
    net.run(net.far, 'nft', 'delete', 'table', 'inet', table);
  });

  test('what this host refuses is a value', async () => {
    const failed = { kind: 'failed', detail: expect.stringContaining('route') };
    expect(await sendInnerPacket(noRoute[6], { device: 'v0' })).toMatchObject(failed);
    vi.stubEnv('WG_REACH_NO_NATIVE', '1');
    expect(await sendInnerPacket(noRoute[4], { device: 'v0' })).toMatchObject(failed);
    expect(await sendInnerPacket('10.22.0.1', { device: 'v0' })).toMatchObject(failed);
  });
});

describe('routes', () => {
  const ask = (address: string, question = {}) => routeTo(address, { timeoutMs: 5_000, ...question });

  test.each(families)('IPv%i: on link, our own, by gateway with a mark, by device', async (family) => {
    const own = family === 4 ? '10.9.0.1' : '2001:db8:9::1';
    const viaV1 = family === 4 ? '10.9.1.2' : '2001:db8:a::2';
    const onLink = { kind: 'ok', device: 'v0', source: own, gateway: null, type: 'unicast' };
    expect(await ask(answering[family])).toEqual(onLink);
    expect(await ask(own)).toMatchObject({ kind: 'ok', device: 'lo', type: 'local' });
    expect(await ask(markedOnly[family])).toMatchObject({ kind: 'no-route' });
    expect(await ask(markedOnly[family], { mark })).toEqual({ ...onLink, gateway: answering[family] });
    expect(await ask(byDeviceOnly[family], { device: 'v1' })).toMatchObject({ device: 'v1', gateway: viaV1 });
  });

  test.each(families)('IPv%i: none, and each refusing kind, is no route and says which', async (family) => {
    const route = (third: number) => (family === 4 ? `10.${third}.0.1` : `2001:db8:${third}::1`);
    for (const [address, words] of [
      [noRoute[family], 'no route'],
      [route(20), 'blackhole'],
      [route(21), 'unreachable'],
      [route(22), 'prohibit'],
    ] as const) {
      const detail = expect.stringContaining(words);
      expect(await ask(address)).toMatchObject({ kind: 'no-route', detail });
    }
  });

  test('the zone of a link-local address is its device', async () => {
    expect(await ask('fe80::5%v1')).toMatchObject({ kind: 'ok', device: 'v1', type: 'unicast' });
    expect(await ask('fe80::5%v0')).toMatchObject({ kind: 'ok', device: 'v0' });
    expect(await ask('fe80::5%none')).toMatchObject({ kind: 'no-route' });
  });

  test('rules that look at the ports are heeded', async () => {
    net.run(net.near, ...'ip rule add ipproto udp dport 51820 sport 4000 lookup 77'.split(' '));
    expect(await ask(markedOnly[4], { udpPort: 51820, udpSourcePort: 4000 })).toMatchObject({ kind: 'ok' });
    expect(await ask(markedOnly[4], { udpPort: 51821, udpSourcePort: 4000 })).toMatchObject({
      kind: 'no-route',
    });
    expect(await ask(markedOnly[4], { udpPort: 51820 })).toMatchObject({ kind: 'no-route' });
  });
});

test('the same interface name in two namespaces is two locks in one directory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'wg-reach-locks-'));
  const acquire = () => acquireLock(directory, 'wg0', { timeoutMs: 0 });
  const near = await acquire();
  net.enter(net.far);
  const far = await acquire();
  expect([near.kind, far.kind]).toEqual(['locked', 'locked']);
  expect((await acquire()).kind).toBe('busy');
  net.enter(net.near);
  expect((await acquire()).kind).toBe('busy');
  for (const lock of [near, far]) if (lock.kind === 'locked') await lock.release();
  rmSync(directory, { recursive: true });
});
