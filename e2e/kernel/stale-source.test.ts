import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Lab } from '../../lab/index.ts';
import { waitFor } from '../../lab/index.ts';
import { inMinutes, withDaemon } from '../daemon/daemon.ts';
import { watchEndpoint } from '../endpoint-watch.ts';
import { startPings } from '../ping-stream.ts';
import type { Scene } from '../scene.ts';
import { withScene } from '../scene.ts';
import { slowness } from '../slowness.ts';
import { hostName } from '../wg-reach.ts';
import { kernelOnlyTitle } from './scenarios.ts';

/** WireGuard's own remedy, a new handshake, comes 15.0 to 15.5 s after the first unanswered packet. */
const underTrafficMs = 8000;

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

/** A tunnel of that family that works, whose packets then have to leave by another device. */
async function moveRoute({ lab }: Scene, family: 4 | 6): Promise<void> {
  expect(lab.implementation).toBe('kernel');
  const address = lab.address(`v${family}`);
  await lab.dns.set(hostName, family === 4 ? { A: [address] } : { AAAA: [address] });
  await lab.connect();
  await preferSecondUplink(lab);
  // The underlay is whole: what is new goes the new way, and is answered.
  const route = await lab.client.exec(['ip', 'route', 'get', address]);
  expect(route.stdout).toContain('dev eth1');
  const outside = await lab.client.exec(['ping', '-n', '-c', '1', '-W', '5', address]);
  expect(outside.code, outside.stdout).toBe(0);
}

test.concurrent(
  `${kernelOnlyTitle}IPv6, the default route moved to another uplink and the old address stayed: everything is lost until the same endpoint is set again`,
  withScene({ uplinks: 2, endpoint: 'v6' }, async (scene) => {
    const { lab } = scene;
    await moveRoute(scene, 6);
    const pings = await startPings(lab, 500);
    await sleep(underTrafficMs);
    expect((await pings.stop()).answered).toBe(0);

    await lab.wg.setEndpoint(lab.endpoint('v6'));
    expect(await lab.innerPing()).not.toBeNull();
    expect(await clientAsServerSeesIt(lab)).toContain(lab.client.uplink(1).address(6));
  }),
);

test.concurrent(
  `${kernelOnlyTitle}IPv6, the default route moved to another uplink and the old address stayed: cured by the endpoint it has, no other`,
  withScene({ uplinks: 2, endpoint: 'v6' }, async (scene) => {
    const { lab, reach } = scene;
    await moveRoute(scene, 6);
    expect(await lab.innerPing()).toBeNull();
    const watch = watchEndpoint(lab);
    const run = await reach.run(reach.dropIn());
    expect(run.code, run.said).toBe(0);
    expect((await watch.stop()).seen).toEqual([lab.endpoint('v6')]);
    expect(reach.sets()).toEqual([lab.endpoint('v6')]);
    expect(await lab.innerPing()).not.toBeNull();
    expect(await clientAsServerSeesIt(lab)).toContain(lab.client.uplink(1).address(6));
  }),
);

test.concurrent(
  `${kernelOnlyTitle}IPv6, the default route moved to another uplink and the old address stayed: the daemon sets the endpoint it has, no other`,
  inMinutes,
  withDaemon({ uplinks: 2, endpoint: 'v6' }, async (scene) => {
    const { lab, reach } = scene;
    const daemon = await scene.begin();
    await moveRoute(scene, 6);
    const movedMs = performance.now();
    await waitFor(
      'the server hears the client from the other uplink',
      async () => (await clientAsServerSeesIt(lab)).includes(lab.client.uplink(1).address(6) ?? 'no address'),
      30_000 * slowness,
      50 * slowness,
    );
    console.log(`the daemon cured a stale source in ${Math.round(performance.now() - movedMs)} ms`);
    await scene.untilHealth('up');
    expect(await lab.innerPing()).not.toBeNull();
    expect(new Set(reach.sets())).toEqual(new Set([lab.endpoint('v6')]));
    expect(daemon.lines('endpoint-switched')).toEqual([]);
    await daemon.stop();
  }),
);

// For IPv4 alone the kernel compares the route's device with the one it heard the peer on.
test.concurrent(
  `${kernelOnlyTitle}IPv4, the default route moved to another uplink and the old address stayed: it follows by itself, and nothing is set`,
  withScene({ uplinks: 2, endpoint: 'v4' }, async (scene) => {
    const { lab, reach } = scene;
    await moveRoute(scene, 4);
    expect(await lab.innerPing()).not.toBeNull();
    expect(await clientAsServerSeesIt(lab)).toContain(lab.client.uplink(1).address(4));
    const run = await reach.run(reach.dropIn());
    expect(run.code, run.said).toBe(0);
    expect(reach.sets()).toEqual([]);
  }),
);
