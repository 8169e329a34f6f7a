import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../src/host/program.ts';
import { readFacts } from '../src/wireguard/facts.ts';
import { readImplementation } from '../src/wireguard/implementation.ts';
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

describe('readFacts and readCounters', () => {
  it('read every setting of every peer', async () => {
    await namespace.run(
      'wg',
      'set',
      client,
      'fwmark',
      '0xca6c',
      'peer',
      serverKey,
      'persistent-keepalive',
      '25',
    );
    expect(await namespace.call('wireguard/facts.js', 'readFacts', [client, { timeoutMs }])).toEqual({
      kind: 'ok',
      fwMark: 0xca6c,
      listenPort: 51001,
      peers: {
        [bystander]: { allowedIps: ['10.78.0.0/16'], persistentKeepaliveS: 0 },
        [serverKey]: { allowedIps: ['10.77.0.1/32', 'fd77::1/128'], persistentKeepaliveS: 25 },
      },
    });
    await namespace.run('wg', 'set', client, 'fwmark', '0');
    expect(await namespace.call('wireguard/facts.js', 'readFacts', [client, { timeoutMs }])).toMatchObject({
      fwMark: 0,
    });
  });

  it('read the counters of a handshake that really took place', async () => {
    await namespace.run('wg', 'set', client, 'peer', serverKey, 'persistent-keepalive', '1');
    const read = () => namespace.call('wireguard/counters.js', 'readCounters', [client, { timeoutMs }]);
    await expect.poll(read, { timeout: 15_000, interval: 100 }).toMatchObject({
      peers: { [serverKey]: { latestHandshakeS: expect.toSatisfy((s: number) => s > 0) } },
    });
    const counters = (await read()) as {
      peers: Record<string, { rxBytes: number; txBytes: number; latestHandshakeS: number }>;
    };
    const peer = counters.peers[serverKey];
    // A response is 92 bytes, an initiation 148.
    expect(peer?.rxBytes).toBeGreaterThanOrEqual(92);
    expect(peer?.txBytes).toBeGreaterThanOrEqual(148);
    expect(Math.abs((peer?.latestHandshakeS ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(counters).toMatchObject({
      kind: 'ok',
      rxFrameErrors: 0,
      peers: {
        [bystander]: { endpoint: { address: '192.0.2.9', port: 9 }, rxBytes: 0, latestHandshakeS: 0 },
        [serverKey]: { endpoint: { address: '127.0.0.1', port: 51002 } },
      },
    });
  });

  it('never look at an interface of another network namespace, though `wg` would', async () => {
    const byWg = await runProgram('wg', ['show', client, 'listen-port'], { timeoutMs });
    expect(byWg).toMatchObject({ kind: 'exited', code: 0, stdout: '51001\n' });
    expect(await readFacts(client, { timeoutMs })).toMatchObject({ kind: 'no-such-interface' });
  });

  it('see the interface also where /sys belongs to another namespace', async () => {
    const enter = ['nsenter', `--net=/run/netns/${namespace.name}`];
    expect(
      await namespace.call('wireguard/facts.js', 'readFacts', [client, { timeoutMs }], { enter }),
    ).toMatchObject({
      kind: 'ok',
    });
  });

  it('say clearly what is wrong', async () => {
    const read = (name: string, options?: CallOptions) =>
      namespace.call('wireguard/facts.js', 'readFacts', [name, { timeoutMs }], options);
    const unprivileged = {
      enter: [
        'nsenter',
        `--net=/run/netns/${namespace.name}`,
        'setpriv',
        '--reuid',
        '65534',
        '--clear-groups',
      ],
    };
    expect(await read('wg-none')).toMatchObject({ kind: 'no-such-interface' });
    expect(await read('all')).toMatchObject({ kind: 'no-such-interface' });
    expect(await read('lo')).toMatchObject({ kind: 'not-wireguard', detail: expect.stringContaining('lo') });
    expect(await read(client, unprivileged)).toMatchObject({
      kind: 'not-permitted',
      detail: expect.stringContaining('root'),
    });
    const withoutWg = join(namespace.directory, 'empty');
    mkdirSync(withoutWg, { recursive: true });
    // `env` finds Node by its full path.
    expect(
      await read(client, {
        enter: ['/sbin/ip', 'netns', 'exec', namespace.name, '/usr/bin/env'],
        path: withoutWg,
      }),
    ).toMatchObject({
      kind: 'wg-missing',
    });
  });
});

describe('readImplementation', () => {
  const read = (name: string) =>
    namespace.call('wireguard/implementation.js', 'readImplementation', [name, { timeoutMs }]);

  it('knows wireguard-go, with and without a private key', async () => {
    expect(await read(client)).toBe('userspace');
    const bare = await namespace.addInterface();
    expect((await namespace.run('wg', 'show', bare, 'public-key')).trim()).toBe('(none)');
    expect(await read(bare)).toBe('userspace');
    expect(await read('lo')).toBe('kernel');
  });

  /** Takes the place of an implementation: gives its process that name, and answers `wg` with that line. */
  const standIn = `
const { createServer } = require('node:net');
const [title, path, line] = process.argv.slice(1);
process.title = title;
const answer = line + '\\nlisten_port=5\\nerrno=0\\n\\n';
createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(answer))).listen(path);
`;

  it.each([
    // boringtun answers with a field that `wg` does not know, instead of the private key.
    [
      'boringtun by the name of its process',
      'boringtun-cli',
      `private_key=${'1'.repeat(64)}`,
      'boringtun',
      'userspace',
    ],
    ['boringtun by its answer', 'somebody', `own_public_key=${'a'.repeat(64)}`, 'boringtun', 'boringtun'],
    [
      'something new, and raises no alarm',
      'somebody',
      `private_key=${'1'.repeat(64)}`,
      'userspace',
      'userspace',
    ],
  ])('knows %s', async (_how, title, line, expected, seenFromOutside) => {
    const name = `wb${process.pid}-${randomBytes(2).toString('hex')}`;
    const path = `/var/run/wireguard/${name}.sock`;
    namespace.start(process.execPath, '-e', standIn, title, path, line);
    try {
      await expect.poll(() => read(name), { timeout: 10_000 }).toBe(expected);
      // The kernel lists sockets by network namespace: from outside the owner is out of sight.
      expect(await readImplementation(name, { timeoutMs })).toBe(seenFromOutside);
    } finally {
      await runProgram('rm', ['-f', path], { timeoutMs });
    }
  });
});
