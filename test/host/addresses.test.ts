import { expect, test, vi } from 'vitest';
import { localAddresses } from '../../src/host/addresses.ts';
import { runProgram } from '../../src/host/program.ts';

test('knows the addresses of this host with their devices', async () => {
  // Devices may come and go between the two readings.
  await vi.waitFor(async () => {
    const shown = await runProgram('ip', ['-o', 'addr', 'show', 'up'], { timeoutMs: 5_000 });
    if (shown.kind !== 'exited') throw new Error(shown.kind);
    const lines = [...shown.stdout.matchAll(/^\d+: (\S+) +inet6? (?:(\S+) peer )?([^/\s]+)/gm)];
    const expected = new Set(lines.map(([, device, local, address]) => `${device} ${local ?? address}`));
    expect(expected.size).toBeGreaterThan(0);
    expect(new Set(localAddresses().map(({ device, address }) => `${device} ${address}`))).toEqual(expected);
  });
});

test('tells the families apart and leaves zones out', () => {
  const addresses = localAddresses();
  expect(addresses).toContainEqual({ address: '127.0.0.1', family: 4, device: 'lo' });
  for (const { address, family } of addresses) {
    expect(address.includes(':') ? 6 : 4).toBe(family);
    expect(address).not.toContain('%');
  }
});
