import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { flock, openMemoryFile, openSocket } from '../../src/host/native.ts';

afterEach(() => vi.unstubAllEnvs());

const openFiles = () => readdirSync('/proc/self/fd').length;

test.each([4, 6] as const)('opens an IPv%i socket of its own, non-blocking and closed on exec', (family) => {
  const result = openSocket({ family, kind: 'udp', device: 'lo', ttl: 3 });
  if (result.kind !== 'open') throw new Error(result.detail);
  expect(fstatSync(result.fd).isSocket()).toBe(true);
  closeSync(result.fd);
});

test('a file in memory can be opened again by its descriptor, and is in no file system', () => {
  const result = openMemoryFile('wgr-test');
  if (result.kind !== 'open') throw new Error(result.detail);
  writeSync(result.fd, 'content');
  expect(readFileSync(`/proc/self/fd/${result.fd}`, 'utf8')).toBe('content');
  expect(readlinkSync(`/proc/self/fd/${result.fd}`)).toMatch(/^\/memfd:wgr-test/);
  closeSync(result.fd);
});

test('a refusal names the error and leaves nothing open', () => {
  openSocket({ family: 4, kind: 'udp', device: 'wgr-none' });
  const before = openFiles();
  for (let count = 0; count < 20; count += 1) {
    const result = openSocket({ family: 4, kind: 'udp', device: 'wgr-none' });
    expect(result).toMatchObject({ kind: 'refused', errno: 'ENODEV' });
    expect(openSocket({ family: 6, kind: 'udp', ttl: 4_000 })).toMatchObject({
      kind: 'refused',
      errno: 'EINVAL',
    });
  }
  expect(openFiles()).toBe(before);
});

test('WG_REACH_NO_NATIVE=1 switches it off, and only that value', () => {
  vi.stubEnv('WG_REACH_NO_NATIVE', '1');
  expect(openSocket({ family: 4, kind: 'udp' })).toMatchObject({
    kind: 'unavailable',
    detail: expect.stringContaining('WG_REACH_NO_NATIVE'),
  });
  expect(flock(0, 'exclusive').kind).toBe('unavailable');
  vi.stubEnv('WG_REACH_NO_NATIVE', '0');
  const result = openSocket({ family: 4, kind: 'udp' });
  expect(result.kind).toBe('open');
  if (result.kind === 'open') closeSync(result.fd);
});

test('a lock is busy for another descriptor until it is given back', () => {
  const directory = mkdtempSync(join(tmpdir(), 'wg-reach-native-'));
  const first = openSync(join(directory, 'lock'), 'w');
  const second = openSync(join(directory, 'lock'), 'r');
  try {
    expect(flock(first, 'exclusive').kind).toBe('locked');
    expect(flock(second, 'exclusive').kind).toBe('busy');
    expect(flock(first, 'unlock').kind).toBe('unlocked');
    expect(flock(second, 'exclusive').kind).toBe('locked');
  } finally {
    closeSync(first);
    closeSync(second);
    rmSync(directory, { recursive: true });
  }
  expect(flock(1_000_000, 'exclusive')).toMatchObject({ kind: 'refused', errno: 'EBADF' });
});
