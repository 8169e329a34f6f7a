import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createResetHost } from '../../../src/wireguard/reset/host.ts';

const host = createResetHost('/nonexistent/wg-reach');

it('tells interfaces of our namespace apart by the kernel’s number', async () => {
  expect(await host.whichInterface('lo')).toEqual({ kind: 'present', index: 1 });
  expect(await host.whichInterface('wgr-none')).toEqual({ kind: 'absent' });
});

it('knows the boot and the time since', async () => {
  const uptimeMs = (): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1_000;
  const before = uptimeMs();
  const boot = await host.boot();
  expect(boot?.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(boot?.ms).toBeGreaterThanOrEqual(Math.floor(before));
  expect(boot?.ms).toBeLessThanOrEqual(Math.ceil(uptimeMs()));
});

it('takes an interface without a socket for the kernel’s', async () => {
  expect(await host.implementation('lo')).toBe('known');
});

it('finds no journal where there is no directory', async () => {
  expect(await host.journal.list('lo')).toEqual([]);
});
