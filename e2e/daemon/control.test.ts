import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { schemaErrors } from '../../test/status/json-schema.ts';
import { slowness } from '../slowness.ts';
import { hostName, program } from '../wg-reach.ts';
import type { DaemonScene } from './daemon.ts';
import { inMinutes, withDaemon } from './daemon.ts';

const schema = JSON.parse(readFileSync(new URL('../../docs/status.schema.json', import.meta.url), 'utf8'));

/** Runs a command that only talks to the daemon. */
function ask({ lab, reach }: DaemonScene, ...args: readonly string[]) {
  return lab.client.exec([program, ...args, '--runtime-dir', reach.runtimeDirectory]);
}

describe.concurrent('seen and steered from outside', inMinutes, () => {
  test(
    'status: exit 3 without a daemon; with one a table, and JSON as published, in every health',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const jsonStatus = async () => {
        const run = await ask(scene, 'status', '--json');
        expect(run.code, run.stderr).toBe(0);
        const report = JSON.parse(run.stdout);
        expect(schemaErrors(schema, report, true)).toEqual([]);
        return report.peers[0];
      };
      for (const command of ['status', 'pause', 'resume']) {
        const run = await ask(scene, command);
        expect(run.code, run.stderr).toBe(3);
        expect(run.stderr).toMatch(/^wg-reach: [^\n]+\n$/);
      }
      const daemon = await scene.begin();
      expect(await jsonStatus()).toMatchObject({
        interface: lab.interface,
        publicKey: lab.peerKey(),
        health: 'up',
        endpoint: lab.endpoint('v6'),
        fallbackSince: null,
        lastSwitch: null,
        proof: { kind: 'echo' },
      });
      const table = await ask(scene, 'status');
      expect(table.code, table.stderr).toBe(0);
      for (const word of [lab.interface, lab.endpoint('v6'), 'up']) expect(table.stdout).toContain(word);

      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(lab.endpoint('v4'));
      await scene.untilHealth('up');
      const moved = await jsonStatus();
      expect(moved).toMatchObject({
        health: 'up',
        endpoint: lab.endpoint('v4'),
        lastSwitch: { from: lab.endpoint('v6'), to: lab.endpoint('v4') },
      });
      expect(moved.lastSwitch.reason).toMatch(/\w \w/);
      expect(Date.parse(moved.fallbackSince)).toBeGreaterThan(Date.now() - 30_000 * slowness);
      expect(moved.candidates.map(({ endpoint }: { endpoint: string }) => endpoint).toSorted()).toEqual(
        [lab.endpoint('v4'), lab.endpoint('v6')].toSorted(),
      );

      await lab.path.set({ drop: true });
      await scene.untilHealth('down');
      const down = await jsonStatus();
      expect(down).toMatchObject({ health: 'down', reason: expect.stringMatching(/\w \w/) });
      expect((await ask(scene, 'pause')).code).toBe(0);
      expect(await jsonStatus()).toMatchObject({ health: 'paused' });
      expect(statSync(`${reach.runtimeDirectory}/control.sock`).mode & 0o777).toBe(0o600);
      await daemon.stop();
      expect((await ask(scene, 'status', '--json')).code).toBe(3);
    }),
  );

  test(
    'pause keeps its hands off, resume lets it work, pause --for ends by itself',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const daemon = await scene.begin();
      const paused = await ask(scene, 'pause', lab.interface);
      expect(paused.code, paused.stderr).toBe(0);
      expect(paused.stdout).toContain('paused');
      const setBefore = reach.sets();
      await lab.path.set({ family: 6, drop: true });
      await sleep(8_000);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
      expect(reach.sets()).toEqual(setBefore);
      expect((await ask(scene, 'resume', lab.interface, lab.peerKey())).code).toBe(0);
      await scene.untilEndpoint(lab.endpoint('v4'));
      await scene.untilHealth('up');

      await lab.path.set({ family: 4, drop: true });
      expect((await ask(scene, 'pause', '--for', '6s')).code).toBe(0);
      const pausedMs = performance.now();
      await sleep(3_000);
      expect(await scene.peer()).toMatchObject({ health: 'paused', endpoint: lab.endpoint('v4') });
      await scene.untilEndpoint(lab.endpoint('v6'));
      expect(performance.now() - pausedMs).toBeGreaterThan(5_000);
      expect((await ask(scene, 'pause', '--for', 'soon')).code).toBe(2);
      const nobody = await ask(scene, 'pause', 'wg-nothere');
      expect(nobody.code, nobody.stderr).toBe(1);
      expect(nobody.stderr).toContain('wg-nothere');
      await daemon.stop();
    }),
  );

  test(
    'a pause outlives the interface and the settings; the end of the daemon is no pause of the operator',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const daemon = await scene.begin();
      expect((await ask(scene, 'pause', lab.interface, '--for', '60s')).code).toBe(0);
      const reason = expect.stringMatching(/^paused by the operator until \d{4}-/);
      await lab.wg.recreate();
      await daemon.untilLine('watching', /./, 1);
      expect(await scene.peer()).toMatchObject({ health: 'paused', reason });
      writeFileSync(scene.configFile, '[defaults]\nprofile = "balanced"\n');
      await daemon.untilLine('watching', /balanced/);
      expect(await scene.peer()).toMatchObject({ health: 'paused', reason });
      const setBefore = reach.sets();
      await lab.path.set({ family: 6, drop: true });
      await lab.wg.setEndpoint(lab.endpoint('v4'));
      await sleep(7_000);
      expect(reach.sets()).toEqual(setBefore);
      expect(await scene.peer()).toMatchObject({ health: 'paused', endpoint: lab.endpoint('v4') });
      expect((await ask(scene, 'resume')).code).toBe(0);
      await scene.untilHealth('up');
      await daemon.stop();
      const last = daemon.lines('health-changed').at(-1);
      expect(last?.message).toMatch(/shutting down/);
    }),
  );

  test(
    'garbage and silence on the control socket harm nobody',
    withDaemon({}, async (scene) => {
      const { lab, reach } = scene;
      const daemon = await scene.begin();
      const rude = ['', '\0\xff{{{', '{"command":"status"', 'x'.repeat(200_000), '\n\n[]\n"status"\n'];
      const sockets = rude.map((text) => {
        const socket = connect(`${reach.runtimeDirectory}/control.sock`);
        socket.on('error', () => undefined);
        socket.resume();
        socket.write(text);
        return socket;
      });
      await sleep(500);
      const askedMs = performance.now();
      expect(await scene.peer()).toMatchObject({ health: 'up' });
      expect(performance.now() - askedMs).toBeLessThan(1_000 * slowness);
      await lab.path.set({ family: 6, drop: true });
      await scene.untilEndpoint(lab.endpoint('v4'));
      await scene.untilHealth('up');
      // Those that hold the line are dropped after 10 s.
      await sleep(12_000 * slowness);
      expect(sockets.filter((socket) => !socket.destroyed && !socket.readableEnded)).toEqual([]);
      for (const socket of sockets) socket.destroy();
      await daemon.stop();
    }),
  );

  test(
    'one-shots ask the daemon instead of writing beside it',
    withDaemon({ peers: 2 }, async (scene) => {
      const { lab, reach } = scene;
      const daemon = await scene.begin();
      const healthy = await reach.run(['repair']);
      expect(healthy.code, healthy.said).toBe(0);
      expect(healthy.stdout).toContain('the daemon looks after it');
      expect((await reach.run(['repair', lab.interface, lab.peerKey(), '--quiet'])).said).toBe('');
      const dropIn = await reach.run(reach.dropIn());
      expect(dropIn.code, dropIn.said).toBe(0);
      for (const line of [
        `Chosen endpoint is ${lab.endpoint('v6')}`,
        `Existing endpoint is ${lab.endpoint('v6')}`,
        `Candidate addresses: ['${lab.address('v6')}', '${lab.address('v4')}']`,
      ])
        expect(dropIn.stdout).toContain(`${line}\n`);

      // Paused, so that nothing but the dry run could have moved it.
      expect((await ask(scene, 'pause')).code).toBe(0);
      const setBefore = reach.sets();
      await lab.path.set({ family: 6, drop: true });
      const dry = await reach.run([...reach.dropIn(), '--dryrun']);
      expect(dry.code, dry.said).toBe(0);
      expect(dry.stdout).toContain(`endpoint ${lab.endpoint('v4')}\n`);
      expect(reach.sets()).toEqual(setBefore);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
      expect((await ask(scene, 'resume')).code).toBe(0);
      const broken = await reach.run(reach.dropIn());
      expect(broken.code, broken.said).toBe(0);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
      expect(broken.stdout).toContain(`Chosen endpoint is ${lab.endpoint('v4')}\n`);
      expect(daemon.lines('endpoint-switched')).toHaveLength(1);

      await lab.path.set({ drop: true });
      const none = await reach.run([...reach.dropIn(), '--timeout', '20']);
      expect(none.code, none.said).toBe(254);
      expect(none.ms).toBeLessThan(20_000);
      const failed = await reach.run(['repair', '--timeout', '20']);
      expect(failed.code, failed.said).toBe(1);
      expect(failed.stderr).toMatch(/: down, /);
      await lab.path.clear();
      await scene.untilHealth('up');
      await daemon.stop();
    }),
  );

  test(
    'a drop-in run for a peer that the daemon does not watch, on an interface that it keeps',
    withDaemon({ peers: 2 }, async (scene) => {
      const { lab, reach } = scene;
      const other = 'other.example.test';
      await lab.dns.set(other, { A: [lab.address('v4-1')], AAAA: [lab.address('v6-1')] });
      const daemon = await scene.begin();
      await lab.connect(1);
      const args = reach.dropIn(1).map((word) => (word === hostName ? other : word));
      const writers = `${reach.scratchDirectory}/writers`;
      reach.beforeSet(`echo $PPID >> ${writers}`);

      const healthy = await reach.run(args);
      expect(healthy.code, healthy.said).toBe(0);
      expect(healthy.stdout).toContain(`Nothing to do: endpoint is already ${lab.endpoint('v6-1')}\n`);

      await lab.path.set({ address: lab.address('v6-1'), drop: true });
      const mended = await reach.run(args);
      expect(mended.code, mended.said).toBe(0);
      expect(await lab.wg.endpoint(1)).toBe(lab.endpoint('v4-1'));
      for (const line of [
        `Candidate addresses: ['${lab.address('v6-1')}', '${lab.address('v4-1')}']`,
        `Chosen endpoint is ${lab.endpoint('v4-1')}`,
        `Existing endpoint is ${lab.endpoint('v6-1')}`,
      ])
        expect(mended.stdout).toContain(`${line}\n`);
      expect(mended.stdout).toMatch(/^Trying .* on the tunnel$/m);

      // Two at once take turns, and both end well; one that is stopped in a trial puts back what was there.
      await lab.path.set({ address: lab.address('v4-1'), drop: true });
      const both = await Promise.all([reach.run(args), reach.run(args)]);
      for (const run of both) expect(run.code, run.said).toBe(0);
      expect(await lab.wg.endpoint(1)).toBe(lab.endpoint('v6-1'));

      await lab.path.set(
        { address: lab.address('v6-1'), drop: true },
        { address: lab.address('v4-1'), protocol: 'udp', drop: true },
      );
      const stopped = reach.start(args);
      await stopped.until(/^Done executing .* endpoint 203\.0\.113\.2:/m);
      stopped.kill('SIGTERM');
      const end = await stopped.ended;
      expect(end.code, end.said).toBe(1);
      expect(end.stderr).toMatch(/^wg-reach: [^\n]+\n$/);
      await scene.untilEndpoint(lab.endpoint('v6-1'), 3_000 * slowness, 1);

      // All of this by the daemon, which neither lost sight of its own peer nor began to watch the other.
      const pids = new Set(readFileSync(writers, 'utf8').trim().split('\n'));
      expect([...pids]).toEqual([String(daemon.pid)]);
      expect((await scene.status()).peers).toHaveLength(1);
      expect(await scene.peer()).toMatchObject({ health: 'up', lastSwitch: null });
      await daemon.stop();
    }),
  );

  test(
    'repair of a peer with manage = false that is asked for by name; a second one that is told to end with the daemon',
    withDaemon({ peers: 2 }, async (scene) => {
      const { lab, reach } = scene;
      const other = 'other.example.test';
      await lab.dns.set(other, { A: [lab.address('v4-1')], AAAA: [lab.address('v6-1')] });
      lab.writeConfig({ endpointName: hostName, allowedIps: ['10.77.0.1/24'] }, { endpointName: other });
      await lab.connect();
      await lab.connect(1);
      const peer = `[[peer]]\npublic_key = "${lab.peerKey(1)}"\nmanage = false\n`;
      const daemon = await scene.startDaemon({ config: `[defaults]\nprofile = "fast"\n${peer}` });
      await lab.path.set({ address: lab.address('v6-1'), drop: true });
      const mended = await reach.run(['repair', lab.interface, lab.peerKey(1)]);
      expect(mended.code, mended.said).toBe(0);
      expect(mended.stdout).toContain(`moved from ${lab.endpoint('v6-1')} to ${lab.endpoint('v4-1')}`);

      await lab.path.set({ address: lab.address('v4-1'), drop: true }, { protocol: 'udp', drop: true });
      const started = reach.start(['repair', lab.interface, lab.peerKey(1)]);
      await started.until(/Trying \[2001:db8:2::1\]/);
      await sleep(500);
      await daemon.stop();
      const end = await started.ended;
      expect(end.code, end.said).toBe(1);
      expect(await lab.wg.endpoint(1)).toBe(lab.endpoint('v4-1'));
    }),
  );
});
