import {
  chmodSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJournal, type Journal } from '../../../src/wireguard/reset/journal.ts';
import { encodeRecord, type PeerRecord } from '../../../src/wireguard/reset/record.ts';

const record: PeerRecord = {
  interface: 'wg-a',
  interfaceIndex: 7,
  bootId: 'boot',
  atBootMs: 1_000,
  // Both of the characters that a file name cannot have, or should not.
  peer: `+/${'B'.repeat(40)}A=`,
  endpoint: { address: '203.0.113.1', port: 51820 },
  allowedIps: ['10.0.0.0/24'],
  persistentKeepaliveS: 25,
  presharedKey: Buffer.from(`${'K'.repeat(42)}A=`),
};

let parent: string;
let directory: string;
let journal: Journal;
let file: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'wg-reach-journal-'));
  directory = join(parent, 'run');
  journal = createJournal(directory);
  file = journal.fileOf(record.interface, record.peer);
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('the journal', () => {
  it('writes for us alone, finds by interface, reads and removes', async () => {
    expect(await journal.list('wg-a')).toEqual([]);
    expect(await journal.read(file)).toEqual({ kind: 'absent' });
    expect(await journal.write(record)).toEqual({ kind: 'ok' });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toHaveLength(1);
    expect(await journal.list('wg-a')).toEqual([{ file, interface: 'wg-a', peer: record.peer }]);
    expect(await journal.list('wg')).toEqual([]);
    expect(await createJournal(directory).read(file)).toEqual({ kind: 'ok', record });
    expect(await journal.remove(file)).toEqual({ kind: 'ok' });
    expect(await journal.list('wg-a')).toEqual([]);
  });

  it('does not wipe the caller’s key', async () => {
    await journal.write(record);
    expect(record.presharedKey?.toString()).toMatch(/^K+A=$/);
  });

  it('sets aside under one name, which is not found again', async () => {
    for (let count = 0; count < 2; count += 1) {
      await journal.write(record);
      expect(await journal.setAside(file)).toEqual({ kind: 'ok', movedTo: `${file}.aside` });
    }
    expect(readdirSync(directory)).toHaveLength(1);
    expect(await journal.list('wg-a')).toEqual([]);
    expect(statSync(`${file}.aside`).mode & 0o777).toBe(0o600);
  });

  it('removes what a writer left that died, of that interface only', async () => {
    await journal.write(record);
    const leftover = join(directory, `.${file.slice(directory.length + 1)}.0123456789ab`);
    linkSync(file, leftover);
    await journal.list('wg');
    expect(readdirSync(directory)).toHaveLength(2);
    await journal.list('wg-a');
    expect(readdirSync(directory)).toEqual([file.slice(directory.length + 1)]);
  });

  it.each([
    ['readable by others', () => chmodSync(file, 0o644)],
    ['writable by others', () => chmodSync(file, 0o602)],
    [
      'a symbolic link',
      () => {
        writeFileSync(`${file}.target`, encodeRecord(record), { mode: 0o600 });
        rmSync(file);
        symlinkSync(`${file}.target`, file);
      },
    ],
    ['too long', () => writeFileSync(file, Buffer.alloc(100_000))],
    ['empty', () => writeFileSync(file, '')],
    ['something else', () => writeFileSync(file, '{"peer": 1}')],
  ])('takes no file that is %s', async (_what, spoil) => {
    await journal.write(record);
    spoil();
    expect(await journal.read(file)).toMatchObject({ kind: 'damaged' });
  });

  it('says so where it cannot write', async () => {
    writeFileSync(directory, 'a file');
    expect(await journal.write(record)).toMatchObject({ kind: 'failed' });
    expect(await journal.list('wg-a')).toEqual([]);
  });
});
