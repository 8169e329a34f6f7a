import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { watchEndpoint } from '../endpoint-watch.ts';
import { startPings } from '../ping-stream.ts';
import { hostName } from '../wg-reach.ts';
import { inMinutes, withDaemon } from './daemon.ts';

/** Seen in the counters, or, where an echo is late just then, in a close look. */
const changedByAnother = /to 203\.0\.113\.1:\d+; the old: it was changed by somebody else/;

/** To set the same endpoint again moves nothing: it is the first remedy where an answer is late, as on a busy machine. */
const others = (sets: readonly string[], endpoint: string) => sets.filter((each) => each !== endpoint);

/** Longer than any test of a silent tunnel, and than the one close look that may follow. */
const longMs = 60_000;

describe.concurrent('what the daemon leaves alone', inMinutes, () => {
  test(
    'an endpoint that the peer roamed to, though no answer lists it',
    withDaemon({ servers: [{ name: 'v4', address: '203.0.113.1' }] }, async (scene) => {
      const { lab, reach } = scene;
      const listed = '203.0.113.60';
      await lab.server().addAddress(listed);
      await lab.dns.set(hostName, { A: [listed] });
      await lab.wg.setEndpoint(`${listed}:${lab.port}`);
      const daemon = await scene.begin();
      const server = lab.server();
      // Told where we are by hand, the server forgets from which of its addresses it answered, and takes its first.
      const peer = (await server.exec(['wg', 'show', server.interface, 'endpoints'])).stdout
        .trim()
        .split('\t');
      const [key = '', ours = ''] = peer;
      await server.exec(['wg', 'set', server.interface, 'peer', key, 'endpoint', ours]);
      await server.exec(['ping', '-n', '-c', '1', '-W', '2', '10.77.0.2']);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
      await daemon.untilLine('endpoint-switched', changedByAnother);
      await sleep(15_000);
      expect(others(reach.sets(), lab.endpoint('v4'))).toEqual([]);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
      expect(await scene.peer()).toMatchObject({ health: 'up', endpoint: lab.endpoint('v4') });
      await daemon.stop();
    }),
  );

  test(
    'an endpoint that somebody set to a listed one, while it works',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const daemon = await scene.begin();
      await lab.wg.setEndpoint(lab.endpoint('v4'));
      await daemon.untilLine('endpoint-switched', changedByAnother);
      await sleep(10_000);
      expect(others(reach.sets(), lab.endpoint('v4'))).toEqual([]);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
      const status = await scene.untilHealth('up');
      expect(status.fallbackSince).not.toBeNull();
      await daemon.stop();
    }),
  );

  test.each(['idle', 'busy'])('a peer that drops everything inside, %s', async (how) => {
    await withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      lab.writeConfig({ endpointName: hostName, allowedIps: ['10.77.0.1/24'] });
      await lab.connect();
      await lab.server().dropInner('all');
      const daemon = await scene.startDaemon();
      const pings = how === 'busy' ? await startPings(lab, 200) : null;
      const watch = watchEndpoint(lab);
      await sleep(longMs);
      const { seen } = await watch.stop();
      await pings?.stop();
      expect(seen).toEqual([lab.endpoint('v6')]);
      expect(others(reach.sets(), lab.endpoint('v6'))).toEqual([]);
      expect(await scene.peer()).toMatchObject({ health: 'up' });
      const { said } = await daemon.stop();
      expect(said).not.toContain('endpoint-condemned');
    })();
  });

  test(
    'a tunnel whose inner target went away: at most one quick trial, taken back',
    withDaemon({}, async (scene) => {
      const { lab } = scene;
      const daemon = await scene.begin();
      const watch = watchEndpoint(lab);
      await lab.server().removeInnerAddress('10.77.0.1');
      await lab.server().removeInnerAddress('fd77::1');
      await sleep(longMs);
      const { seen, staysMs } = await watch.stop();
      const awayMs = staysMs.filter((_ms, index) => seen[index] !== lab.endpoint('v6'));
      console.log(`inner target gone: ${awayMs.length} trials, away for ${awayMs.map(Math.round)} ms`);
      expect(seen.at(-1)).toBe(lab.endpoint('v6'));
      expect(awayMs.length).toBeLessThanOrEqual(1);
      expect(daemon.lines('endpoint-switched')).toEqual([]);
      await scene.untilHealth('up');
      await lab.server().addInnerAddress('10.77.0.1');
      await lab.connect();
      await daemon.stop();
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
    }),
  );

  test.each(['idle', 'busy'])(
    'a living tunnel after 30 s in which the daemon was stopped, %s',
    async (how) => {
      await withDaemon({}, async (scene) => {
        const { lab, reach } = scene;
        const daemon = await scene.begin();
        const pings = how === 'busy' ? await startPings(lab, 200) : null;
        await sleep(5_000);
        daemon.kill('SIGSTOP');
        await sleep(30_000);
        daemon.kill('SIGCONT');
        await daemon.untilLine('clocks', /stalled \d{5}/);
        await sleep(15_000);
        expect(others(reach.sets(), lab.endpoint('v6'))).toEqual([]);
        expect(daemon.lines('health-changed').filter(({ to }) => to === 'down')).toEqual([]);
        expect(await scene.peer()).toMatchObject({ health: 'up', endpoint: lab.endpoint('v6') });
        await pings?.stop();
        await daemon.stop();
      })();
    },
  );

  test(
    'a peer with manage = false, even when it is down',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      lab.writeConfig({ endpointName: hostName });
      await lab.connect();
      const peer = `[[peer]]\npublic_key = "${lab.peerKey()}"\nmanage = false\n`;
      const daemon = await scene.startDaemon({ config: `[defaults]\nprofile = "fast"\n${peer}` });
      expect((await scene.status()).peers).toEqual([]);
      await lab.path.set({ family: 6, drop: true });
      await lab.innerPing();
      await sleep(10_000);
      expect(reach.sets()).toEqual([]);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
      await daemon.stop();
    }),
  );
});
