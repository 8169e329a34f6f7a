import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../lab/index.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { inMinutes, withDaemon } from '../daemon/daemon.ts';
import { startPings } from '../ping-stream.ts';
import { slowness } from '../slowness.ts';
import { hostName } from '../wg-reach.ts';
import { daemonTitle } from './scenarios.ts';

const fast = '[defaults]\nprofile = "fast"\n';
/** The targets for 95 of 100 on a machine of its own, with room for a slow one. */
const trafficGapMs = 1.5 * 2_500 + 1_000 * slowness;
const idleGapMs = 1.5 * 3_000 + 1_000 * slowness;
const patienceMs = 30_000 * slowness;
/** A minute, the host's own phase (up to a tenth), three pings 20 s apart, and the moment itself. */
const failbackMs = 60_000 * 1.1 + 3 * 20_000 + patienceMs;
/** How long traffic has to flow before it is seen as such. */
const seenAsTrafficMs = 11_000;

const switchesOf = (daemon: Daemon) =>
  daemon.lines('endpoint-switched').map(({ from, to }) => ({ from, to }));

// What the daemon does on any WireGuard, several things in a row with one lab, since under emulation to make a lab
// and to start a program cost more than what they show.
describe.concurrent(daemonTitle, inMinutes, () => {
  test(
    'IPv6 dies under traffic, heals and is taken again, and dies while the tunnel is idle',
    withDaemon({}, async (scene) => {
      const { lab } = scene;
      expect(lab.implementation).toBe('kernel');
      const [v4, v6] = [lab.endpoint('v4'), lab.endpoint('v6')];
      const daemon = await scene.begin({ config: `${fast}failback = "1m"\n` });

      const pings = await startPings(lab, 200);
      await sleep(seenAsTrafficMs);
      await lab.path.set({ family: 6, drop: true });
      await daemon.untilLine('endpoint-switched');
      expect(await lab.wg.endpoint()).toBe(v4);
      await lab.connect();
      const { longestGapMs } = await pings.stop();
      console.log(`under traffic: a gap of ${Math.round(longestGapMs)} ms`);
      expect(longestGapMs).toBeLessThan(trafficGapMs);
      expect((await scene.untilHealth('up')).fallbackSince).not.toBeNull();

      await lab.path.clear();
      const healedMs = performance.now();
      await daemon.untilLine('fail-back', /done/, 0, failbackMs);
      console.log(`fail-back ${Math.round(performance.now() - healedMs)} ms after the path healed`);
      expect(await lab.wg.endpoint()).toBe(v6);
      expect(await lab.innerPing()).not.toBeNull();
      expect(await scene.untilHealth('up')).toMatchObject({ endpoint: v6, fallbackSince: null });

      // A random phase of its tests.
      await sleep(2_000 + Math.random() * 3_000);
      const before = switchesOf(daemon).length;
      await lab.path.set({ family: 6, drop: true });
      const darkMs = performance.now();
      await waitFor(
        'the idle tunnel is moved',
        () => switchesOf(daemon).length > before,
        patienceMs,
        5 * slowness,
      );
      const idleMs = performance.now() - darkMs;
      console.log(`idle: moved after ${Math.round(idleMs)} ms`);
      expect(idleMs).toBeLessThan(idleGapMs);
      expect(await lab.innerPing()).not.toBeNull();
      expect(switchesOf(daemon).at(-1)).toEqual({ from: v6, to: v4 });
      await daemon.stop();
      expect(await lab.wg.endpoint()).toBe(v4);
    }),
  );

  test(
    'no endpoint at the start, names only in the configuration; the interface is deleted and made again without one',
    withDaemon({ endpoint: null, presharedKey: true }, async (scene) => {
      const { lab } = scene;
      const [v4, v6] = [lab.endpoint('v4'), lab.endpoint('v6')];
      lab.writeConfig();
      const peer = `[[peer]]\npublic_key = "${lab.peerKey()}"\nendpoints = ["${hostName}:${lab.port}"]\n`;
      const daemon = await scene.startDaemon({ config: `${fast}${peer}` });
      await scene.untilEndpoint(v6, patienceMs);
      await scene.untilHealth('up');
      expect(await lab.innerPing()).not.toBeNull();

      await lab.wg.recreate();
      await scene.untilEndpoint(v6, patienceMs);
      // Nobody but the daemon could make this session.
      await waitFor(
        'a handshake',
        async () => (await lab.wg.latestHandshake()) > 0,
        patienceMs,
        50 * slowness,
      );
      await scene.untilHealth('up');
      expect(await lab.innerPing()).not.toBeNull();

      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(v4, patienceMs);
      await scene.untilHealth('up');
      expect(await lab.innerPing()).not.toBeNull();
      expect(switchesOf(daemon).at(-1)).toEqual({ from: v6, to: v4 });
      await daemon.stop();
    }),
  );

  test(
    'kill -9 in a trial, and the next one takes over; then one that starts while the DNS server is gone',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const [v4, v6] = [lab.endpoint('v4'), lab.endpoint('v6')];
      const stateFile = `${reach.stateDirectory}/state.json`;
      const first = await scene.begin();
      // Neither carries WireGuard, and IPv4 answers pings: a trial of it begins soon and fails.
      await lab.path.set({ family: 6, drop: true }, { protocol: 'udp', drop: true });
      await first.untilLine('trial');
      await scene.untilEndpoint(v4, patienceMs);
      first.kill('SIGKILL');
      expect((await first.ended).code).toBeNull();
      await lab.path.set({ family: 4, drop: true });
      const second = await scene.startDaemon();
      await scene.untilHealth('up', 0, patienceMs);
      expect(await lab.wg.endpoint()).toBe(v6);
      expect(await lab.innerPing()).not.toBeNull();
      await second.stop();

      const { names } = JSON.parse(readFileSync(stateFile, 'utf8'));
      expect(names[hostName].toSorted()).toEqual([lab.address('v4'), lab.address('v6')].toSorted());
      await lab.dns.stop();
      await lab.path.set({ family: 6, drop: true });
      const third = await scene.startDaemon();
      await scene.untilEndpoint(v4, patienceMs);
      await scene.untilHealth('up', 0, patienceMs);
      expect(await lab.innerPing()).not.toBeNull();
      const { from, to } = await third.untilLine('endpoint-switched');
      expect({ from, to }).toEqual({ from: v6, to: v4 });
      await third.stop();
    }),
  );
});
