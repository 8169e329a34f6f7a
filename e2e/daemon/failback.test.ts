import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../lab/index.ts';
import { watchEndpoint } from '../endpoint-watch.ts';
import { startPings } from '../ping-stream.ts';
import { slowness } from '../slowness.ts';
import { program } from '../wg-reach.ts';
import { inMinutes, withDaemon } from './daemon.ts';

const config = '[defaults]\nprofile = "fast"\nfailback = "1m"\n';
/** A minute, the host's own phase (up to a tenth), three pings 20 s apart, and the moment itself. */
const failbackMs = 60_000 * 1.1 + 3 * 20_000 + 10_000 * slowness;

describe.concurrent('back to the preferred family', inMinutes, () => {
  test(
    'not while it flaps; when it has healed, verified, and without a gap',
    withDaemon({}, async (scene) => {
      const { lab } = scene;
      const [v4, v6] = [lab.endpoint('v4'), lab.endpoint('v6')];
      const daemon = await scene.begin({ config });
      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(v4);
      const { fallbackSince } = await scene.untilHealth('up');
      expect(fallbackSince).not.toBeNull();

      // Two seconds of six: of three pings 20 s apart at the most one is answered.
      const watch = watchEndpoint(lab);
      const untilMs = performance.now() + 75_000;
      while (performance.now() < untilMs) {
        await lab.path.clear();
        await sleep(2_000);
        await lab.path.set({ family: 6, drop: true });
        await sleep(4_000);
      }
      expect((await watch.stop()).seen).toEqual([v4]);

      await lab.path.clear();
      const healedMs = performance.now();
      const pings = await startPings(lab, 1_000);
      await scene.untilEndpoint(v6, failbackMs);
      console.log(`fail-back ${((performance.now() - healedMs) / 1000).toFixed(1)} s after the path healed`);
      await daemon.untilLine('fail-back', /done/);
      await sleep(3_000);
      const { longestGapMs } = await pings.stop();
      console.log(`longest gap ${Math.round(longestGapMs)} ms of pings each second`);
      expect(longestGapMs).toBeLessThan(3_000 + 1_000 * slowness);
      expect(await scene.untilHealth('up')).toMatchObject({ endpoint: v6, fallbackSince: null });
      await daemon.stop();
      expect(await lab.wg.endpoint()).toBe(v6);
    }),
  );

  test(
    'two ends that both run it do not chase each other',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const server = lab.server();
      const [v4, v6] = [lab.endpoint('v4'), lab.endpoint('v6')];
      const client = lab.client.uplink();
      const show = async (what: string) =>
        (await server.exec(['wg', 'show', server.interface, what])).stdout.trim();
      const daemon = await scene.begin({ config });
      const { stdout: port } = await lab.client.exec(['wg', 'show', lab.interface, 'listen-port']);
      const file = `${reach.scratchDirectory}/server.toml`;
      const endpoints = [`[${client.address(6)}]:${port.trim()}`, `${client.address(4)}:${port.trim()}`];
      const peer = [
        '[[peer]]',
        `public_key = "${await show('peers')}"`,
        `interface = "${server.interface}"`,
        `endpoints = ${JSON.stringify(endpoints)}`,
        'profile = "fast"',
      ];
      writeFileSync(file, `${config}${peer.join('\n')}\n`);
      const directories = ['state', 'run'].flatMap((name) => [
        `--${name === 'run' ? 'runtime' : 'state'}-dir`,
        `${reach.scratchDirectory}/server-${name}`,
      ]);
      const far = server.spawn([program, 'run', '--config', file, ...directories]);
      let said = '';
      far.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      await waitFor('the far daemon watches', () => said.includes('unknown -> up'));

      const endpointOfFar = async () => (await show('endpoints')).split('\t')[1];
      await lab.path.set({ family: 6, drop: true });
      const darkMs = performance.now();
      await waitFor(
        'both ends moved',
        async () => (await lab.wg.endpoint()) === v4 && (await endpointOfFar()) === endpoints[1],
        30_000 * slowness,
        100,
      );
      await lab.connect();
      console.log(`two ends: back after ${((performance.now() - darkMs) / 1000).toFixed(1)} s`);
      const quiet = watchEndpoint(lab);
      await sleep(25_000);
      expect((await quiet.stop()).seen).toEqual([v4]);
      expect(await endpointOfFar()).toBe(endpoints[1]);

      await lab.path.clear();
      const watch = watchEndpoint(lab);
      const pings = await startPings(lab, 1_000);
      await scene.untilEndpoint(v6, failbackMs);
      await sleep(20_000);
      const { seen } = await watch.stop();
      const { longestGapMs } = await pings.stop();
      console.log(
        `two ends: ${seen.length - 1} moves on the way back, longest gap ${Math.round(longestGapMs)} ms`,
      );
      // Both may offer it once, and a packet of the other end under way may take one offer back.
      expect(seen.length, said).toBeLessThanOrEqual(4);
      expect(seen.at(-1)).toBe(v6);
      expect(longestGapMs).toBeLessThan(3_000 + 1_000 * slowness);
      await daemon.stop();
      far.kill('SIGTERM');
      await waitFor('the far daemon ends', () => far.exitCode !== null);
      expect(far.exitCode, said).toBe(0);
    }),
  );
});
