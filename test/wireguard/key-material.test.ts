import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { readKeyMaterial } from '../../src/wireguard/key-material.ts';

// The loopback device stands for the interface: it is in every namespace, and `wg` is one of our own here.
const directory = mkdtempSync(join(tmpdir(), 'wg-reach-keys-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const keyOf = (letter: string) => `${letter.repeat(42)}A=`;
const request = { interface: 'lo', peer: keyOf('B'), timeoutMs: 5_000 };
const row = (letter: string, secret: string) =>
  [keyOf(letter), secret, '(none)', '10.0.0.0/24', '0', '0', '0', 'off'].join('\\t');

function wgPrints(lines: readonly string[], end = 'exit 0'): void {
  const text = lines.map((line) => `printf '${line}\\n'`).join('\n');
  writeFileSync(join(directory, 'wg'), `#!/bin/sh\n[ "$*" = "show lo dump" ] || exit 9\n${text}\n${end}\n`);
  chmodSync(join(directory, 'wg'), 0o755);
  vi.stubEnv('PATH', `${directory}:${process.env.PATH}`);
}

it('gives the interface’s key and the peer’s preshared key as bytes', async () => {
  wgPrints([
    `${keyOf('P')}\\t${keyOf('Q')}\\t5\\toff`,
    row('C', keyOf('L')),
    row('B', keyOf('K')),
    row('D', '(none)'),
  ]);
  expect(await readKeyMaterial(request)).toEqual({
    kind: 'ok',
    privateKey: Buffer.from(keyOf('P'), 'base64'),
    presharedKey: Buffer.from(keyOf('K'), 'base64'),
  });
  expect(await readKeyMaterial({ ...request, peer: keyOf('D') })).toMatchObject({ presharedKey: null });
  expect(await readKeyMaterial({ ...request, peer: keyOf('E') })).toMatchObject({ kind: 'no-such-peer' });
  expect(await readKeyMaterial({ ...request, peer: '--help' })).toMatchObject({ kind: 'failed' });
});

it('says why there is none, and never repeats what was printed', async () => {
  wgPrints([`(none)\\t(none)\\t5\\toff`, row('B', keyOf('K'))]);
  expect(await readKeyMaterial(request)).toMatchObject({ kind: 'failed' });
  wgPrints([], 'echo "Unable to access interface: Operation not permitted" >&2; exit 1');
  expect(await readKeyMaterial(request)).toMatchObject({ kind: 'no-permission' });
  expect(await readKeyMaterial({ ...request, interface: 'wgr-none' })).toMatchObject({ kind: 'failed' });
  for (const end of ['exit 0', 'exit 1', 'kill -9 $$', 'exec sleep 60']) {
    wgPrints([`${keyOf('P')}\\t${keyOf('Q')}\\t5\\toff`, `${row('B', keyOf('K'))}\\tmore`], end);
    const material = await readKeyMaterial({ ...request, timeoutMs: 1_000 });
    expect(material.kind).toBe('failed');
    expect(JSON.stringify(material)).not.toMatch(/PPPP|KKKK/);
  }
});
