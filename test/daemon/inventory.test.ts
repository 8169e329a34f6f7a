import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createInventoryReader } from '../../src/daemon/inventory.ts';
import { createLog } from '../../src/daemon/log.ts';
import { createFakeWg, type FakeWg, fakeInterface } from './fake-wg.ts';

const key = 'fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=';

let wg: FakeWg;
let file: string;
let configFile: string;
let logged: string[];

beforeEach(() => {
  wg = createFakeWg();
  wg.peers({ [key]: {} });
  logged = [];
  mkdirSync(join(wg.directory, 'wireguard'));
  file = join(wg.directory, 'wireguard', `${fakeInterface}.conf`);
  configFile = join(wg.directory, 'wg-reach.toml');
  writePeer('vpn.example');
});
afterEach(() => wg.remove());

function writePeer(host: string): void {
  writeFileSync(file, `[Peer]\nPublicKey = ${key}\nAllowedIPs = 192.0.2.1/24\nEndpoint = ${host}:51820\n`);
}

function createReader() {
  const log = createLog({
    format: 'text',
    journald: true,
    verbose: true,
    write: (line) => logged.push(line.trim()),
  });
  const reader = createInventoryReader({
    configFile,
    configFileRequired: false,
    wgQuickDirectory: join(wg.directory, 'wireguard'),
    log,
  });
  return async (force = false): Promise<string[]> => {
    const { decision } = await reader.read(force);
    return decision.managed.map(
      ({ sources, profile }) => `${sources.map(({ host }) => ('name' in host ? host.name : ''))} ${profile}`,
    );
  };
}

test('peers with a name, by interface and index', async () => {
  const log = createLog({ format: 'text', journald: true, verbose: true, write: () => {} });
  const reader = createInventoryReader({
    configFile,
    configFileRequired: false,
    wgQuickDirectory: join(wg.directory, 'wireguard'),
    log,
  });
  const { decision, facts, indexes } = await reader.read(true);
  expect(decision.managed).toMatchObject([
    { interface: fakeInterface, publicKey: key, allowedIpsWritten: ['192.0.2.1/24'] },
  ]);
  expect(facts.get(fakeInterface)).toMatchObject({ listenPort: 51_820, fwMark: 0 });
  // The loopback device is the first of every network namespace.
  expect(indexes.get(fakeInterface)).toBe(1);
});

test('a file that changes is read again; one that looks the same only when told to', async () => {
  const read = createReader();
  const writtenAt = new Date(1_000_000);
  utimesSync(file, writtenAt, writtenAt);
  expect(await read()).toEqual(['vpn.example balanced']);
  writePeer('new.example');
  utimesSync(file, writtenAt, writtenAt);
  expect(await read()).toEqual(['vpn.example balanced']);
  expect(await read(true)).toEqual(['new.example balanced']);
  utimesSync(file, new Date(1), new Date(1));
  writeFileSync(configFile, '[defaults]\nprofile = "fast"\n');
  expect(await read()).toEqual(['new.example fast']);
});

test('a configuration with a typo changes nothing, is said once, and again when it was edited', async () => {
  writeFileSync(configFile, '[defaults]\nprofile = "fast"\n');
  const read = createReader();
  await read();
  writeFileSync(configFile, '[defaults]\nprofil = "metered"\n');
  for (let time = 0; time < 3; time++) expect(await read()).toEqual(['vpn.example fast']);
  expect(logged).toEqual([
    expect.stringMatching(/^<3>configuration: .*toml:2: .*profil.*last configuration/),
  ]);
  writeFileSync(configFile, '[defaults]\nprofile = "super"\n');
  expect(await read()).toEqual(['vpn.example fast']);
  expect(logged).toHaveLength(2);
  rmSync(configFile);
  expect(await read()).toEqual(['vpn.example balanced']);
});

test.each(['file', 'directory', 'configuration'])(
  'a %s that cannot be read stays in force, is said once, and is read as soon as that is possible',
  async (what) => {
    writeFileSync(configFile, '[defaults]\nprofile = "fast"\n');
    const read = createReader();
    await read();
    const path = { file, directory: join(wg.directory, 'wireguard'), configuration: configFile }[what] ?? '';
    // What is no file (or no directory) cannot be read by root, either.
    renameSync(path, `${path}.away`);
    if (what === 'directory') writeFileSync(path, '');
    else mkdirSync(path);
    for (let time = 0; time < 3; time++) expect(await read()).toEqual(['vpn.example fast']);
    expect(logged).toEqual([expect.stringContaining(`${path}`)]);
    rmSync(path, { recursive: true });
    renameSync(`${path}.away`, path);
    expect(await read()).toEqual(['vpn.example fast']);
    writePeer('new.example');
    expect(await read()).toEqual(['new.example fast']);
    expect(logged).toHaveLength(1);
  },
);

test('a `wg` that fails says nothing about interfaces, and that is said once', async () => {
  const read = createReader();
  await read();
  wg.trouble('fails');
  for (let time = 0; time < 3; time++) expect(await read()).toEqual(['vpn.example balanced']);
  expect(logged).toEqual([expect.stringMatching(/^<4>wg-failed: .*Device or resource busy/)]);
  wg.trouble('none');
  expect(await read()).toEqual(['vpn.example balanced']);
  expect(logged).toHaveLength(2);
  wg.removeInterface();
  expect(await read()).toEqual([]);
});

test('an interface that cannot be looked at is named, with the reason, once', async () => {
  wg.trouble('denied');
  const read = createReader();
  for (let time = 0; time < 3; time++) expect(await read()).toEqual([]);
  expect(logged).toEqual([expect.stringMatching(/^<4>interface-unread: .*run it as root.* interface=lo$/)]);
  wg.trouble('none');
  expect(await read()).toEqual(['vpn.example balanced']);
  wg.trouble('denied');
  expect(await read()).toEqual(['vpn.example balanced']);
  expect(logged).toHaveLength(1);
});

test('without any `wg` it says what to install', async () => {
  vi.stubEnv('PATH', join(wg.directory, 'wireguard'));
  expect(await createReader()()).toEqual([]);
  expect(logged).toEqual([expect.stringMatching(/^<4>wg-failed: .*install wireguard-tools/)]);
});

test('an interface that is gone is no longer there, and one that never was is not', async () => {
  const read = createReader();
  expect(await read()).toHaveLength(1);
  wg.removeInterface();
  expect(await read()).toEqual([]);
  wg.peers({ [key]: {} });
  expect(await read()).toHaveLength(1);
  wg.peers({});
  expect(await read()).toEqual([]);
});
