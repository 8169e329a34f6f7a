import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../src/daemon/log.ts';
import { recoverPeers } from '../../src/daemon/recovery.ts';

let directory: string;
const logged: string[] = [];
const log = createLog({ format: 'text', journald: false, verbose: true, write: (line) => logged.push(line) });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wg-reach-recovery-'));
  logged.length = 0;
  // No `wg` there.
  vi.stubEnv('PATH', directory);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

test('without a journal nothing is asked, and nothing is left to be done', async () => {
  writeFileSync(join(directory, 'lock-something'), '');
  expect(await recoverPeers(directory, log)).toBe(true);
  expect(await recoverPeers(join(directory, 'missing'), log)).toBe(true);
  expect(logged).toEqual([]);
});

test('with one it is not over before the interfaces could be asked', async () => {
  writeFileSync(join(directory, 'reset-1-wg0-key.journal'), '');
  expect(await recoverPeers(directory, log)).toBe(false);
});
