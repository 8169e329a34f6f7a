import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readInterfaceIndex } from '../../src/host/interface-index.ts';

test('the loopback device is the first of every network namespace', async () => {
  expect(await readInterfaceIndex('lo')).toBe(1);
});

test('no device has another number than `ip` says', async () => {
  const { stdout } = spawnSync('ip', ['-o', 'link'], { encoding: 'utf8', timeout: 10_000 });
  const links = [...stdout.matchAll(/^(\d+): ([^:@]+)/gm)].map(([, index, name]) => ({ index, name }));
  expect(links.length).toBeGreaterThan(0);
  for (const { index, name = '' } of links)
    expect([Number(index), null], name).toContain(await readInterfaceIndex(name));
});

test.each(['wg-nothere', 'l', 'lo0', '.*', ''])('"%s" is no device', async (name) => {
  expect(await readInterfaceIndex(name)).toBeNull();
});
