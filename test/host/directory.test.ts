import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeDirectory } from '../../src/host/directory.ts';

const made: string[] = [];

afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

describe('makeDirectory', () => {
  it('makes parents, only for the owner, and minds nothing that is there', () => {
    const base = mkdtempSync(join(tmpdir(), 'wg-reach-directory-'));
    made.push(base);
    makeDirectory(join(base, 'a/b/c'));
    makeDirectory(join(base, 'a/b/c'));
    expect(statSync(join(base, 'a/b/c')).mode & 0o777).toBe(0o700);
  });

  it('ends with an error below /proc, where nothing can be made', () => {
    expect(() => makeDirectory('/proc/wg-reach')).toThrow(/ENOENT/);
    expect(() => makeDirectory('/proc/wg-reach/deeper')).toThrow(/ENOENT/);
  });

  it('ends with an error where a file is in the way', () => {
    expect(() => makeDirectory('/etc/hostname/x')).toThrow(/ENOTDIR/);
    expect(() => makeDirectory('/etc/hostname')).toThrow(/EEXIST/);
  });
});
