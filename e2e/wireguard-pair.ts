import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWireGuardNamespace, type WireGuardNamespace } from './wireguard-namespace.ts';

/** Two wireguard-go interfaces in one namespace, peers of each other over loopback. */
export interface WireGuardPair {
  readonly namespace: WireGuardNamespace;
  /** The interface under test. */
  readonly client: string;
  /** Its peer; the endpoint is 127.0.0.1:51002. */
  readonly serverKey: string;
  /** A second peer of the client's interface, which nothing may ever change; the endpoint is 192.0.2.9:9. */
  readonly bystander: string;
  /** Removes all peers of the client's interface and adds the two again. */
  reset(): Promise<void>;
  /** The keys of the peers that the client's interface has, sorted. */
  peers(): Promise<string[]>;
  /** The endpoint as `wg` prints it. */
  endpoint(key: string): Promise<string | undefined>;
  /** The value of PATH that finds a `wg` of ours, a shell script, before the real one. */
  wrapWg(name: string, script: string): string;
}

/** Builds the pair; the caller closes its namespace. */
export async function createWireGuardPair(): Promise<WireGuardPair> {
  const namespace = await createWireGuardNamespace();
  const { run } = namespace;
  const client = await namespace.addInterface();
  const server = await namespace.addInterface();
  const bystander = randomBytes(32).toString('base64');

  const giveKey = async (interfaceName: string, port: string): Promise<string> => {
    const file = join(namespace.directory, `${interfaceName}.key`);
    writeFileSync(file, await run('wg', 'genkey'), { mode: 0o600 });
    await run('wg', 'set', interfaceName, 'private-key', file, 'listen-port', port);
    return (await run('wg', 'show', interfaceName, 'public-key')).trim();
  };
  const clientKey = await giveKey(client, '51001');
  const serverKey = await giveKey(server, '51002');
  await run('wg', 'set', server, 'peer', clientKey, 'allowed-ips', '10.77.0.2/32');
  for (const name of [client, server]) await run('ip', 'link', 'set', name, 'up');

  const peers = async (): Promise<string[]> =>
    (await run('wg', 'show', client, 'peers'))
      .split('\n')
      .filter((key) => key !== '')
      .sort();
  const add = (key: string, allowedIps: string, endpoint: string): Promise<string> =>
    run('wg', 'set', client, 'peer', key, 'allowed-ips', allowedIps, 'endpoint', endpoint);

  return {
    namespace,
    client,
    serverKey,
    bystander,
    peers,
    async reset() {
      for (const key of await peers()) await run('wg', 'set', client, 'peer', key, 'remove');
      await add(bystander, '10.78.0.0/16', '192.0.2.9:9');
      await add(serverKey, '10.77.0.1/32,fd77::1/128', '127.0.0.1:51002');
    },
    async endpoint(key) {
      const lines = (await run('wg', 'show', client, 'endpoints')).split('\n');
      return lines.find((line) => line.startsWith(key))?.split('\t')[1];
    },
    wrapWg(name, script) {
      const directory = join(namespace.directory, name);
      mkdirSync(directory, { recursive: true });
      const head = '#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n';
      writeFileSync(join(directory, 'wg'), `${head}${script}\n`);
      chmodSync(join(directory, 'wg'), 0o755);
      return `${directory}:${process.env.PATH}`;
    },
  };
}
