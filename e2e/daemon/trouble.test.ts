import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../lab/index.ts';
import { slowness } from '../slowness.ts';
import { hostName } from '../wg-reach.ts';
import type { DaemonScene } from './daemon.ts';
import { inMinutes, withDaemon } from './daemon.ts';

/** A `wg` before the usual one that fails, or hangs, as long as somebody says so. */
function troubledWg({ reach }: DaemonScene) {
  const directory = `${reach.scratchDirectory}/troubled`;
  const flag = (name: string) => `${directory}/${name}`;
  mkdirSync(directory, { recursive: true });
  const lines = [
    '#!/bin/sh',
    `if [ -e ${flag('hang')} ]; then exec sleep 60; fi`,
    `if [ -e ${flag('fail')} ]; then echo "Unable to access interface: Device or resource busy" >&2; exit 1; fi`,
    `exec ${reach.scratchDirectory}/bin/wg "$@"`,
  ];
  writeFileSync(`${directory}/wg`, `${lines.join('\n')}\n`);
  chmodSync(`${directory}/wg`, 0o755);
  return {
    path: `${directory}:`,
    begin: (how: 'fail' | 'hang') => writeFileSync(flag(how), ''),
    end: () => {
      for (const how of ['fail', 'hang']) rmSync(flag(how), { force: true });
    },
  };
}

/**
 * Each peer has a WireGuard of its own, and wireguard-go takes one of the 128 inotify instances that a user may have;
 * other labs need some, too.
 */
const peerCount = 60;

describe.concurrent('a host in trouble', inMinutes, () => {
  test.each(['fail', 'hang'] as const)('`wg` begins to %s for 20 s, and then the path dies', async (how) => {
    await withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const wg = troubledWg(scene);
      const daemon = await scene.begin({ path: wg.path });
      wg.begin(how);
      const setBefore = reach.sets();
      await daemon.untilLine('wg-failed');
      await sleep(15_000);
      expect((await scene.status()).peers).toHaveLength(1);
      expect(await scene.peer()).toMatchObject({ health: 'up', endpoint: lab.endpoint('v6') });
      await lab.path.set({ family: 6, drop: true });
      await sleep(5_000);
      expect(reach.sets()).toEqual(setBefore);
      wg.end();
      const ms = await scene.untilEndpoint(lab.endpoint('v4'), 60_000 * slowness);
      console.log(`wg ${how}s no more: moved after ${(ms / 1000).toFixed(1)} s`);
      await scene.untilHealth('up');
      await daemon.untilLine('wg-works-again');
      await daemon.stop();
    })();
  });

  test.each(['fail', 'hang'] as const)('`wg` %ss from the start', async (how) => {
    await withDaemon({}, async (scene) => {
      const { lab } = scene;
      lab.writeConfig({ endpointName: hostName });
      await lab.connect();
      const wg = troubledWg(scene);
      wg.begin(how);
      const daemon = await scene.startDaemon({ path: wg.path, wait: false });
      await sleep(8_000);
      wg.end();
      await daemon.untilLine('watching');
      await scene.untilHealth('up');
      await daemon.stop();
    })();
  });

  test(
    'many peers on one interface, of which some break at once',
    withDaemon({ peers: peerCount }, async (scene) => {
      const { lab } = scene;
      const all = Array.from({ length: peerCount }, (_, index) => index);
      const broken = all.filter((index) => index % 10 === 3);
      const nameOf = (index: number) => `vpn${index}.example.test`;
      const suffix = (index: number) => (index === 0 ? '' : `-${index}`);
      for (const index of all) {
        const records = { A: [lab.address(`v4${suffix(index)}`)], AAAA: [lab.address(`v6${suffix(index)}`)] };
        await lab.dns.set(nameOf(index), records);
      }
      lab.writeConfig(...all.map((index) => ({ endpointName: nameOf(index) })));
      const daemon = await scene.startDaemon({ config: '[defaults]\nprofile = "balanced"\n' });
      const startedMs = performance.now();
      await waitFor(
        'all are up',
        async () =>
          (await scene.status()).peers.filter(({ health }) => health === 'up').length === all.length,
        90_000 * slowness,
        250,
      );
      console.log(`${all.length} peers up ${Math.round(performance.now() - startedMs)} ms after the start`);
      await sleep(3_000);
      await lab.path.set(
        ...broken.map((index) => ({ address: lab.address(`v6${suffix(index)}`), drop: true })),
      );
      const brokeMs = performance.now();
      for (const index of broken) {
        await scene.untilEndpoint(lab.endpoint(`v4${suffix(index)}`), 60_000 * slowness, index);
        await scene.untilHealth('up', index);
      }
      console.log(`${broken.length} broken ones moved ${Math.round(performance.now() - brokeMs)} ms later`);
      const { peers } = await scene.status();
      for (const index of all) {
        const family = broken.includes(index) ? 'v4' : 'v6';
        const status = peers.find(({ publicKey }) => publicKey === lab.peerKey(index));
        expect(status).toMatchObject({ health: 'up', endpoint: lab.endpoint(`${family}${suffix(index)}`) });
      }
      expect(daemon.lines('endpoint-switched')).toHaveLength(broken.length);
      await daemon.stop();
    }),
  );
});
