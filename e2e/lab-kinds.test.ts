import { afterEach, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/index.ts';
import { createLab } from '../lab/index.ts';
import { hostName, lookUp, ping, wrong4, wrong6 } from './lab-look.ts';

describe('other kinds of lab', () => {
  const labs: Lab[] = [];
  const build = async (...options: Parameters<typeof createLab>) => {
    const lab = await createLab(...options);
    labs.push(lab);
    return lab;
  };
  afterEach(async () => {
    await Promise.all(labs.splice(0).map((lab) => lab.close()));
  });

  test('several at once do not meet; the same seed loses the same packets, about as many as asked for', async () => {
    const count = 200;
    const lossPercent = 30;
    const three = await Promise.all([7, 7, 8].map((seed) => build({ delayMs: 1, seed })));
    await Promise.all(three.map((lab) => lab.path.set({ direction: 'up', lossPercent })));
    const runs = await Promise.all(three.map((lab) => ping(lab.client, lab.address('v4'), count)));
    const [first, second, other] = runs.map((run) => run.answered.toSorted((a, b) => a - b));
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
    const lost = (100 * (count - (first?.length ?? 0))) / count;
    // Three standard deviations of a binomial count.
    const deviation = 3 * Math.sqrt((lossPercent * (100 - lossPercent)) / count);
    expect(Math.abs(lost - lossPercent)).toBeLessThan(deviation);
    expect(new Set(three.map((lab) => lab.interface)).size).toBe(3);
    await three[0]?.path.set({ drop: true });
    await three[1]?.path.clear();
    await three[1]?.connect();
    expect(await three[0]?.innerPing()).toBeNull();
  });

  test('two peers on one interface, and a second machine with the first peer’s key', async () => {
    const lab = await build({
      peers: 2,
      presharedKey: true,
      servers: [
        { name: 'main', address: '203.0.113.1' },
        { name: 'twin', address: '203.0.113.9', host: 'twin' },
      ],
    });
    await lab.connect(0);
    await lab.connect(1);
    expect(lab.peerKey(1)).not.toBe(lab.peerKey(0));
    expect(await lab.wg.endpoint(1)).toBe(lab.endpoint('v6-1'));
    await lab.path.set({ address: lab.address('v6-1'), drop: true });
    expect(await lab.innerPing(1)).toBeNull();
    expect(await lab.innerPing(0)).not.toBeNull();
    const twinKey = await lab.server('twin').exec(['wg', 'show', lab.server('twin').interface, 'public-key']);
    expect(twinKey.stdout.trim()).toBe(lab.peerKey(0));
    // It knows nothing of the session, so data for it is lost.
    await lab.wg.setEndpoint(lab.endpoint('twin'));
    expect(await lab.innerPing(0)).toBeNull();
    await lab.wg.recreate();
    await lab.wg.setEndpoint(lab.endpoint('twin'));
    await lab.connect(0);
  });

  test('a full tunnel takes everything but WireGuard itself', async () => {
    const lab = await build({ fullTunnel: true, wrongHosts: [wrong4, wrong6] });
    await lab.connect();
    const fwmark = (await lab.client.exec(['wg', 'show', lab.interface, 'fwmark'])).stdout.trim();
    for (const address of [wrong4, wrong6]) {
      const inside = await lab.client.exec(['ip', 'route', 'get', address]);
      expect(inside.stdout).toContain(`dev ${lab.interface}`);
      const outside = await lab.client.exec(['ip', 'route', 'get', address, 'mark', fwmark]);
      expect(outside.stdout).toContain('dev eth0');
    }
    await lab.dns.set(hostName, { A: [wrong4] });
    expect((await lookUp(lab, hostName)).found).toEqual(new Set([wrong4]));
  });

  test('the client’s own inner address can be within the peer’s AllowedIPs', async () => {
    const lab = await build({ allowedIps: ['10.77.0.0/24'], pingGroupRange: 'closed' });
    await lab.connect();
    const { stdout } = await lab.client.exec(['wg', 'show', lab.interface, 'allowed-ips']);
    expect(stdout).toContain('10.77.0.0/24');
    const range = await lab.client.exec(['cat', '/proc/sys/net/ipv4/ping_group_range']);
    expect(range.stdout.trim().split(/\s+/)).toEqual(['1', '0']);
  });

  test('an address replaced and an uplink unplugged under a live tunnel', async () => {
    const lab = await build({ uplinks: 2, delayMs: 1 });
    await lab.connect();
    await lab.client.uplink(0).replaceAddress(6, '2001:db8:c0::99');
    await lab.client.uplink(0).replaceAddress(4, '192.0.2.99');
    await lab.wg.setEndpoint(lab.endpoint('v6'));
    await lab.connect();
    const seen = await lab.server().exec(['wg', 'show', lab.server().interface, 'endpoints']);
    expect(seen.stdout).toContain('[2001:db8:c0::99]');
    await lab.client.uplink(0).unplug();
    expect((await lab.client.exec(['ip', 'route', 'get', lab.address('v4')])).stdout).toContain('dev eth1');
    await lab.wg.setEndpoint(lab.endpoint('v4'));
    await lab.connect();
    // The provider of the second uplink takes nothing from an address of the first.
    await lab.client.uplink(0).plug();
    expect((await lab.client.exec(['ip', 'route', 'get', lab.address('v4')])).stdout).toContain(
      'src 192.0.2.99',
    );
    const via = (await lab.client.exec(['ip', 'route', 'get', '192.0.2.129'])).stdout;
    expect(via).toContain('dev eth1');
    await lab.client.ip([`route replace ${lab.address('v4')}/32 via 192.0.2.129 dev eth1 src 192.0.2.99`]);
    const foreign = await ping(lab.client, lab.address('v4'));
    expect(foreign.answered).toEqual([]);
  });
});
