import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { mustRun } from '../../lab/command.ts';
import { startPings } from '../ping-stream.ts';
import { slowness } from '../slowness.ts';
import { hostName } from '../wg-reach.ts';
import { type DaemonScene, inMinutes, withDaemon } from './daemon.ts';

const boundMs = (targetMs: number) => 1.5 * targetMs + 2_000 * slowness;
const profile = (name: string, probe = 'auto') =>
  `[defaults]\nprofile = "${name}"\nhandshake_probe = "${probe}"\n`;

/** What must be the same after a reset: everything but the counters. */
async function settings({ lab }: DaemonScene): Promise<string> {
  const fields = ['preshared-keys', 'allowed-ips', 'persistent-keepalive'];
  const show = (field: string) =>
    mustRun(['ip', 'netns', 'exec', lab.client.name, 'wg', 'show', lab.interface, field]);
  return (await Promise.all(fields.map(show))).join('');
}

/** Traffic, and then the far side's WireGuard begins anew; how long no ping is answered. */
async function gapAtRestart(scene: DaemonScene): Promise<number> {
  const { lab } = scene;
  const before = await startPings(lab, 100);
  await sleep(11_000);
  const during = await startPings(lab, 100);
  await lab.server().restart();
  const restartedMs = performance.now();
  while ((await lab.innerPing(0, 200)) === null) expect(performance.now() - restartedMs).toBeLessThan(60_000);
  await before.stop();
  return (await during.stop()).longestGapMs;
}

describe.concurrent('handshakes of our own', inMinutes, () => {
  test.each([
    ['fast', 4_000],
    ['balanced', 6_000],
  ])('the server’s WireGuard was restarted under traffic, %s', async (name, targetMs) => {
    await withDaemon({ presharedKey: true }, async (scene) => {
      const daemon = await scene.begin({ config: profile(name) });
      const before = await settings(scene);
      const endpoint = await scene.lab.wg.endpoint();
      const ms = await gapAtRestart(scene);
      console.log(`restarted, ${name}: ${(ms / 1_000).toFixed(2)} s`);
      expect(ms).toBeLessThan(boundMs(targetMs));
      expect(await settings(scene)).toBe(before);
      expect(await scene.lab.wg.endpoint()).toBe(endpoint);
      await scene.untilHealth('up');
      await daemon.stop();
    })();
  });

  test(
    'handshake_probe = "off": WireGuard’s own time, and nothing is removed',
    withDaemon({}, async (scene) => {
      const daemon = await scene.begin({ config: profile('fast', 'off') });
      const ms = await gapAtRestart(scene);
      console.log(`restarted, off: ${(ms / 1_000).toFixed(2)} s`);
      expect(ms).toBeGreaterThan(10_000);
      await daemon.stop();
    }),
  );

  test(
    'eight addresses of which the last works, and no session: none of them costs a trial',
    withDaemon({ servers: [{ name: 'v4', address: '203.0.113.1' }] }, async (scene) => {
      const { lab } = scene;
      const daemon = await scene.begin({ config: profile('fast') });
      const dead = Array.from({ length: 7 }, (_, index) => `203.0.113.${60 + index}`);
      const alive = '203.0.113.99';
      await lab.server().addAddress(alive);
      await lab.server().removeAddress(lab.address('v4'));
      await lab.server().restart();
      await lab.dns.set(hostName, { A: [...dead, alive] });
      const ms = await scene.untilEndpoint(`${alive}:${lab.port}`, 60_000);
      for (const line of daemon.lines()) console.log(JSON.stringify(line));
      await scene.untilHealth('up', 0, 30_000);
      console.log(`the eighth address was set ${(ms / 1_000).toFixed(2)} s after the move`);
      expect(await lab.innerPing()).not.toBeNull();
      // Seven trials would take 6 s each.
      expect(ms).toBeLessThan(20_000);
      await daemon.stop();
    }),
  );

  test(
    'the echo target is gone and the tunnel lives: one short gap at the most, and never again',
    withDaemon({}, async (scene) => {
      const { lab } = scene;
      const daemon = await scene.begin({ config: profile('fast') });
      await scene.untilHealth('up');
      await lab.server().dropInner('all');
      await sleep(60_000);
      const resets = daemon.lines('session-reset').length;
      console.log(`${resets} resets`);
      expect(resets).toBeLessThanOrEqual(1);
      await lab.server().allowInner();
      expect(await lab.innerPing()).not.toBeNull();
      await daemon.stop();
    }),
  );
});
