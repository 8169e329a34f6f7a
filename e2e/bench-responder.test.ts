import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPlayedSide } from '../bench/cost/played-side.ts';
import type { Lab } from '../lab/index.ts';
import { createLab } from '../lab/index.ts';
import { generateKeyPair } from '../lab/keys.ts';

const built = fileURLToPath(new URL('../dist/bench/cost/responder/main.js', import.meta.url));
const servers = [1, 2].map((number) => ({
  keys: generateKeyPair(),
  port: 20_000 + number,
  inner: `10.77.9.${number}`,
}));
const lifeMs = 120_000;

describe('the played servers', () => {
  let lab: Lab;
  const wg = (...words: readonly string[]) => lab.client.exec(['wg', ...words]);
  const ping = (address: string, count = 1) =>
    lab.client.exec(['ping', '-n', '-c', String(count), '-i', '0.2', '-W', '2', address]);

  beforeAll(async () => {
    lab = await createLab();
    await startPlayedSide(lab, servers, lifeMs, built);
    for (const { keys, inner, port } of servers) {
      const peer = ['peer', keys.publicKey, 'allowed-ips', `${inner}/32`];
      const ends = ['endpoint', `[${lab.address('v6')}]:${port}`];
      await wg('set', lab.interface, ...peer, ...ends);
      await lab.client.ip([`route add ${inner}/32 dev ${lab.interface}`]);
    }
  });
  afterAll(() => lab.close());

  it('shake hands with real WireGuard and answer echoes, each with its own key', async () => {
    for (const { inner } of servers) {
      const { stdout } = await ping(inner, 3);
      expect(stdout).toContain(' 0% packet loss');
    }
  });

  it('follow the client to another address', async () => {
    const [server] = servers;
    if (server === undefined) throw new Error('There is no server.');
    const ends = ['endpoint', `${lab.address('v4')}:${server.port}`];
    await wg('set', lab.interface, 'peer', server.keys.publicKey, ...ends);
    expect((await ping(server.inner)).code).toBe(0);
  });

  it('shake hands again after the client has forgotten the session', async () => {
    const [, server] = servers;
    if (server === undefined) throw new Error('There is no server.');
    const peer = ['peer', server.keys.publicKey];
    const ends = ['endpoint', `[${lab.address('v6')}]:${server.port}`];
    await wg('set', lab.interface, ...peer, 'remove');
    await wg('set', lab.interface, ...peer, 'allowed-ips', `${server.inner}/32`, ...ends);
    expect((await ping(server.inner)).code).toBe(0);
  });
});
