import { expect, test } from 'vitest';
import type { Lab } from '../../lab/index.ts';
import { watchEndpoint } from '../endpoint-watch.ts';
import { startPings } from '../ping-stream.ts';
import type { Scene } from '../scene.ts';
import { withScene } from '../scene.ts';
import { hostName } from '../wg-reach.ts';
import { kernelOnlyTitle } from './scenarios.ts';

/** WireGuard's own remedy, a new handshake, is tried 15.0 to 15.5 s after the first unanswered packet. */
const underTrafficMs = 20_000;

/** A better default route over the second uplink; the first one's addresses stay, and so do packets that reach them. */
async function preferSecondUplink(lab: Lab): Promise<void> {
  await lab.client.ip([
    'route add 0.0.0.0/0 via 192.0.2.129 dev eth1 metric 50',
    'route add ::/0 via 2001:db8:c1::1 dev eth1 metric 50',
  ]);
}

async function clientAsServerSeesIt(lab: Lab): Promise<string> {
  const server = lab.server();
  return (await server.exec(['wg', 'show', server.interface, 'endpoints'])).stdout;
}

async function expectStale({ lab }: Scene, family: 4 | 6): Promise<void> {
  await lab.connect();
  await preferSecondUplink(lab);
  // The underlay is whole: what is new goes the new way.
  const route = await lab.client.exec(['ip', 'route', 'get', lab.address(`v${family}`)]);
  expect(route.stdout).toContain('dev eth1');
  const outside = await lab.client.exec(['ping', '-n', '-c', '1', '-W', '5', lab.address(`v${family}`)]);
  expect(outside.code, outside.stdout).toBe(0);
}

test.each([4, 6] as const)(
  `${kernelOnlyTitle}the IPv%i default route moved to another uplink while the old address stayed: traffic is lost for long, and setting the same endpoint cures it`,
  async (family) => {
    await withScene({ uplinks: 2, endpoint: `v${family}` }, async (scene) => {
      const { lab } = scene;
      expect(lab.implementation).toBe('kernel');
      await expectStale(scene, family);
      const pings = await startPings(lab, 500);
      await new Promise((resolve) => setTimeout(resolve, underTrafficMs));
      expect(await pings.stop()).toMatchObject({ answered: 0 });

      await lab.wg.setEndpoint(lab.endpoint(`v${family}`));
      expect(await lab.innerPing()).not.toBeNull();
      expect(await clientAsServerSeesIt(lab)).toContain(lab.client.uplink(1).address(family));
    })();
  },
);

test.each([4, 6] as const)(
  `${kernelOnlyTitle}the IPv%i default route moved to another uplink while the old address stayed: cured with the endpoint it has, no other`,
  async (family) => {
    await withScene({ uplinks: 2, endpoint: `v${family}` }, async (scene) => {
      const { lab, reach } = scene;
      const [endpoint, address] = [lab.endpoint(`v${family}`), lab.address(`v${family}`)];
      await lab.dns.set(hostName, family === 4 ? { A: [address] } : { AAAA: [address] });
      await expectStale(scene, family);
      expect(await lab.innerPing()).toBeNull();
      const watch = watchEndpoint(lab);
      const run = await reach.run(reach.dropIn());
      expect(run.code, run.said).toBe(0);
      expect((await watch.stop()).seen).toEqual([endpoint]);
      expect(reach.sets()).toEqual([endpoint]);
      expect(await lab.innerPing()).not.toBeNull();
      expect(await clientAsServerSeesIt(lab)).toContain(lab.client.uplink(1).address(family));
    })();
  },
);
