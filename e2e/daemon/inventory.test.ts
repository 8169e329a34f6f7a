import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../lab/index.ts';
import { slowness } from '../slowness.ts';
import { hostName } from '../wg-reach.ts';
import type { DaemonScene } from './daemon.ts';
import { inMinutes, withDaemon } from './daemon.ts';

const otherName = 'other.example.test';
const fast = '[defaults]\nprofile = "fast"\n';
/** Files and interfaces are looked at every 3 s, and a look takes a few calls of `wg`. */
const noticedMs = 10_000 * slowness;

async function untilManaged({ status }: DaemonScene, count: number): Promise<void> {
  await waitFor(
    `${count} peers are managed`,
    async () => (await status()).peers.length === count,
    noticedMs,
    50,
  );
}

/** Breaks IPv6 and expects that the daemon mends the tunnel. */
async function expectMending(scene: DaemonScene): Promise<void> {
  const { lab } = scene;
  await lab.path.set({ family: 6, drop: true });
  await lab.innerPing();
  await scene.untilEndpoint(lab.endpoint('v4'), 60_000 * slowness);
  await scene.untilHealth('up');
  expect(await lab.innerPing()).not.toBeNull();
}

describe.concurrent('peers, interfaces and files that change', inMinutes, () => {
  test(
    'no endpoint at the start, names only in the configuration',
    withDaemon({ endpoint: null, presharedKey: true }, async (scene) => {
      const { lab } = scene;
      lab.writeConfig();
      const peer = `[[peer]]\npublic_key = "${lab.peerKey()}"\nendpoints = ["${hostName}:${lab.port}"]\n`;
      const daemon = await scene.startDaemon({ config: `${fast}${peer}` });
      const ms = await scene.untilEndpoint(lab.endpoint('v6'));
      console.log(`from (none) to an endpoint in ${Math.round(ms)} ms`);
      await scene.untilHealth('up');
      expect(await lab.innerPing()).not.toBeNull();
      await daemon.stop();
    }),
  );

  test(
    'the interface is deleted and made again at once, with a peer that is up',
    withDaemon({}, async (scene) => {
      const daemon = await scene.begin();
      await scene.lab.wg.recreate();
      await scene.lab.connect();
      await sleep(noticedMs);
      await expectMending(scene);
      await daemon.stop();
    }),
  );

  test(
    'the interface is away for a while, while the peer is down',
    withDaemon({}, async (scene) => {
      const { lab } = scene;
      const daemon = await scene.begin();
      await lab.path.set({ drop: true });
      await scene.untilHealth('down');
      await lab.wg.remove();
      await untilManaged(scene, 0);
      await sleep(3_000);
      await lab.wg.recreate();
      await lab.path.clear();
      await untilManaged(scene, 1);
      await scene.untilHealth('up');
      await expectMending(scene);
      await daemon.stop();
    }),
  );

  test(
    'the interface is made again at once, while the peer is down',
    withDaemon({}, async (scene) => {
      const { lab } = scene;
      const daemon = await scene.begin();
      await lab.path.set({ drop: true });
      await scene.untilHealth('down');
      await lab.wg.recreate();
      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(lab.endpoint('v4'), 90_000 * slowness);
      await scene.untilHealth('up');
      await daemon.stop();
    }),
  );

  test(
    'a peer is added to its file, taken off the interface, and never made again',
    withDaemon({ peers: 2 }, async (scene) => {
      const { lab } = scene;
      await lab.dns.set(otherName, { A: [lab.address('v4-1')], AAAA: [lab.address('v6-1')] });
      const daemon = await scene.begin();
      expect((await scene.status()).peers).toHaveLength(1);
      lab.writeConfig({ endpointName: hostName, allowedIps: ['10.77.0.1/24'] }, { endpointName: otherName });
      await untilManaged(scene, 2);
      await lab.connect(1);
      await scene.untilHealth('up', 1);
      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(lab.endpoint('v4-1'), 30_000, 1);
      await lab.path.set({ drop: true });
      await scene.untilHealth('down', 1);
      await lab.wg.removePeer(1);
      await untilManaged(scene, 1);
      await lab.path.clear();
      await scene.untilHealth('up', 0);
      await sleep(3_000);
      const peers = await lab.client.exec(['wg', 'show', lab.interface, 'peers']);
      expect(peers.stdout.trim()).toBe(lab.peerKey());
      await daemon.stop();
    }),
  );

  test(
    'SIGHUP reads a file again that looks the same',
    withDaemon({}, async (scene) => {
      const { lab } = scene;
      lab.writeConfig({ endpointName: hostName, allowedIps: ['10.77.0.1/24'] });
      await lab.connect();
      const peer = (manage: string) =>
        `${fast}[[peer]]\npublic_key = "${lab.peerKey()}"\nmanage = ${manage}\n`;
      const daemon = await scene.startDaemon({ config: peer('false') });
      expect((await scene.status()).peers).toEqual([]);
      const { atime, mtime } = statSync(scene.configFile);
      // The same size, the same time, the same file.
      writeFileSync(scene.configFile, peer('true '));
      utimesSync(scene.configFile, atime, mtime);
      await sleep(5_000);
      daemon.kill('SIGHUP');
      await daemon.untilLine('reload');
      await untilManaged(scene, 1);
      await scene.untilHealth('up');
      await daemon.stop();
    }),
  );

  test.each(['at the start', 'at a reload'])('a typo in the configuration %s', async (when) => {
    await withDaemon({}, async (scene) => {
      const good = `${fast}failback = "2m"\n`;
      const bad = `${fast}failbak = "1m"\n`;
      const daemon = await scene.begin({ config: when === 'at the start' ? bad : good });
      if (when === 'at a reload') writeFileSync(scene.configFile, bad);
      const { message, level } = await daemon.untilLine('configuration');
      expect(level).toBe('error');
      expect(message).toContain(`${scene.configFile}:3: `);
      expect(message).toContain('failbak');
      await sleep(4_000);
      expect(await scene.peer()).toMatchObject({ health: 'up' });
      await expectMending(scene);
      writeFileSync(scene.configFile, good);
      await sleep(4_000);
      expect(await scene.peer()).toMatchObject({ health: 'up' });
      expect(daemon.lines('configuration')).toHaveLength(1);
      expect(readFileSync(scene.configFile, 'utf8')).toBe(good);
      await daemon.stop();
    })();
  });
});
