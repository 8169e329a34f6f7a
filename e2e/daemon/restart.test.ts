import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { slowness } from '../slowness.ts';
import { hostName, program } from '../wg-reach.ts';
import type { DaemonScene } from './daemon.ts';
import { inMinutes, withDaemon } from './daemon.ts';

/** Neither address carries WireGuard, and IPv4 answers pings: a trial of it begins soon and fails. */
async function breakForATrial({ lab }: DaemonScene): Promise<void> {
  await lab.path.set({ family: 6, drop: true }, { protocol: 'udp', drop: true });
}

describe.concurrent('a daemon that ends, and one that begins', inMinutes, () => {
  test(
    'kill -9 during a race: the next one takes over at once and mends the tunnel',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const first = await scene.begin();
      await breakForATrial(scene);
      await first.untilLine('trial');
      await scene.untilEndpoint(lab.endpoint('v4'));
      first.kill('SIGKILL');
      expect((await first.ended).code).toBeNull();
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
      await lab.path.set({ family: 4, drop: true });
      const startedMs = performance.now();
      const second = await scene.startDaemon();
      await scene.untilHealth('up', 0, 60_000 * slowness);
      console.log(`up ${Math.round(performance.now() - startedMs)} ms after the new start`);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
      expect(await lab.innerPing()).not.toBeNull();
      await second.stop();
      expect(() => JSON.parse(readFileSync(`${reach.stateDirectory}/state.json`, 'utf8'))).not.toThrow();
    }),
  );

  test.each(['SIGTERM', 'SIGINT'] as const)('%s in a trial puts the old endpoint back', async (signal) => {
    await withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const daemon = await scene.begin();
      await breakForATrial(scene);
      await daemon.untilLine('trial');
      await scene.untilEndpoint(lab.endpoint('v4'));
      const stoppedMs = performance.now();
      daemon.kill(signal);
      const { code, said } = await daemon.ended;
      console.log(`${signal}: ended after ${Math.round(performance.now() - stoppedMs)} ms`);
      expect(code, said).toBe(0);
      expect(performance.now() - stoppedMs).toBeLessThan(3_000 * slowness);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
      expect(reach.sets().at(-1)).toBe(lab.endpoint('v6'));
    })();
  });

  test.each(['silent', 'gone'])('the DNS server is %s at the start, addresses are on disk', async (how) => {
    await withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const first = await scene.begin();
      await first.stop();
      const state = JSON.parse(readFileSync(`${reach.stateDirectory}/state.json`, 'utf8'));
      expect(state.names[hostName].toSorted()).toEqual([lab.address('v4'), lab.address('v6')].toSorted());
      await (how === 'silent' ? lab.dns.silence() : lab.dns.stop());
      await lab.path.set({ family: 6, drop: true });
      const second = await scene.startDaemon();
      await scene.untilEndpoint(lab.endpoint('v4'), 60_000 * slowness);
      await scene.untilHealth('up');
      const { from, to } = await second.untilLine('endpoint-switched');
      expect({ from, to }).toEqual({ from: lab.endpoint('v6'), to: lab.endpoint('v4') });
      await second.stop();
    })();
  });

  test(
    'a damaged state file is set aside with a warning',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const first = await scene.begin();
      await first.stop();
      const file = `${reach.stateDirectory}/state.json`;
      const text = readFileSync(file, 'utf8');
      await lab.client.exec(['truncate', '-s', String(text.length - 9), file]);
      const second = await scene.startDaemon();
      expect(second.lines('state-damaged')).toHaveLength(1);
      expect(readFileSync(`${file}.damaged`, 'utf8')).toBe(text.slice(0, -9));
      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(lab.endpoint('v4'));
      await scene.untilHealth('up');
      await second.stop();
      expect(readFileSync(file, 'utf8')).toContain(hostName);
    }),
  );

  test(
    'a second daemon refuses, and the first does not mind',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const first = await scene.begin();
      const second = await reach.run(['run', '--config', scene.configFile]);
      expect(second.code, second.said).toBe(1);
      expect(second.stderr).toMatch(/^[^\n]* already-running: [^\n]*\n$/);
      for (const word of [
        `process ${first.pid} `,
        reach.runtimeDirectory,
        '--runtime-dir',
        'wg-reach status',
      ])
        expect(second.stderr).toContain(word);
      expect(second.ms).toBeLessThan(10_000 * slowness);
      await sleep(4_000);
      expect(first.lines().filter(({ level }) => level === 'warning' || level === 'error')).toEqual([]);
      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(lab.endpoint('v4'));
      await scene.untilHealth('up');
      await first.stop();
    }),
  );

  test(
    'of two that start at the same moment in different network namespaces, one refuses and says what to do',
    withDaemon({}, async ({ lab, reach, configFile }) => {
      writeFileSync(configFile, '');
      const args = ['run', '--config', configFile];
      const directories = ['--runtime-dir', reach.runtimeDirectory, '--state-dir', reach.stateDirectory];
      const far = lab.server().spawn([program, ...args, ...directories]);
      const near = reach.start(args);
      let farSaid = '';
      far.stderr.setEncoding('utf8').on('data', (text: string) => {
        farSaid += text;
      });
      const farEnded = new Promise<number | null>((resolve) => far.on('close', resolve));
      const nearEnded = near.ended.then(({ code }) => code);
      expect(await Promise.race([farEnded, nearEnded])).toBe(1);
      const winner = far.exitCode === null ? far : near;
      const refusal = winner === far ? (await near.ended).said : farSaid;
      expect(refusal).toMatch(/^[^\n]* already-running: [^\n]*--runtime-dir[^\n]*\n$/);
      winner.kill('SIGTERM');
      expect(await (winner === far ? farEnded : nearEnded)).toBe(0);
    }),
  );
});
