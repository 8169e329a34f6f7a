import { createSocket, type Socket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { sendInnerPacket } from '../../src/probe/inner-packet.ts';

const listeners: Socket[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const listener of listeners.splice(0)) listener.close();
});

function listen(type: 'udp4' | 'udp6', address: string): Promise<{ port: number; packet: Promise<Buffer> }> {
  const socket = createSocket(type);
  listeners.push(socket);
  const packet = new Promise<Buffer>((resolve) => socket.on('message', resolve));
  return new Promise((resolve) => {
    socket.bind(0, address, () => resolve({ port: socket.address().port, packet }));
  });
}

test.each([
  ['127.0.0.1', 'udp4', '0', true],
  ['::1', 'udp6', '0', true],
  ['127.0.0.1', 'udp4', '1', false],
  ['::1', 'udp6', '1', false],
] as const)(
  'to %s by %s, WG_REACH_NO_NATIVE=%s: one datagram that is not empty',
  async (address, type, off, bound) => {
    vi.stubEnv('WG_REACH_NO_NATIVE', off);
    const { port, packet } = await listen(type, address);
    expect(await sendInnerPacket(address, { device: 'lo', port, ttl: 9 })).toEqual({ kind: 'sent', bound });
    expect((await packet).length).toBeGreaterThan(0);
  },
);

test('a closed port is no failure and nothing stays open', async () => {
  await sendInnerPacket('127.0.0.1', { device: 'lo' });
  const before = readdirSync('/proc/self/fd').length;
  for (let count = 0; count < 20; count += 1) {
    expect(await sendInnerPacket('127.0.0.1', { device: 'lo' })).toMatchObject({ kind: 'sent' });
  }
  await vi.waitFor(() => expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before));
});

test.each([
  ['vpn.example', { device: 'lo' }, 'not an IP address'],
  ['127.0.0.1', { device: 'wgr-none' }, 'device'],
  ['127.0.0.1', { device: 'lo', port: 70_000 }, 'port'],
])('%s with %o is a value that says why', async (address, options, words) => {
  const result = await sendInnerPacket(address, options);
  expect(result).toMatchObject({ kind: 'failed' });
  expect(result.kind === 'failed' && result.detail.toLowerCase()).toContain(words.toLowerCase());
});
