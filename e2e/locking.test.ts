import { readFileSync, rmSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { watchEndpoint } from './endpoint-watch.ts';
import type { Scene } from './scene.ts';
import { useScene } from './scene.ts';
import { hostName } from './wg-reach.ts';

/** Pings tell the two addresses apart, and neither carries WireGuard: a trial of IPv4 begins soon and fails. */
async function breakForATrial({ lab }: Scene): Promise<void> {
  await lab.path.set({ family: 6, drop: true }, { protocol: 'udp', drop: true });
}

describe('a run that is stopped, and two at once', () => {
  const scene = useScene();
  let v4: string;
  let v6: string;

  beforeEach(async () => {
    v4 = scene().lab.endpoint('v4');
    v6 = scene().lab.endpoint('v6');
    await scene().reset();
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s in the middle of a trial puts the old endpoint back',
    async (signal) => {
      const { lab, reach } = scene();
      await breakForATrial(scene());
      const started = reach.start(reach.dropIn());
      await started.until(/^Done executing .* endpoint 203\.0\.113\.1:/m);
      expect(await lab.wg.endpoint()).toBe(v4);
      const stoppedMs = performance.now();
      started.kill(signal);
      const run = await started.ended;
      expect(performance.now() - stoppedMs).toBeLessThan(2000);
      expect(run.code, run.said).toBe(1);
      expect(run.stdout).toContain(`Putting back ${v6}`);
      expect(await lab.wg.endpoint()).toBe(v6);
      expect(reach.sets().at(-1)).toBe(v6);
    },
  );

  test('SIGTERM while a living tunnel is offered the preferred family puts the living one back', async () => {
    const { lab, reach, reset } = scene();
    await reset(v4);
    await lab.path.set({ family: 6, protocol: 'udp', drop: true });
    const started = reach.start(reach.dropIn());
    await started.until(/^Done executing .* endpoint \[2001:db8:1::1\]/m);
    started.kill('SIGTERM');
    const run = await started.ended;
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(v4);
    expect(await lab.innerPing()).not.toBeNull();
  });

  test('SIGTERM before anything was tried changes nothing', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ drop: true });
    const started = reach.start([...reach.dropIn(), '--verbose']);
    await started.until(/The endpoint now set is/);
    started.kill('SIGTERM');
    const run = await started.ended;
    expect(run.code, run.said).toBe(1);
    expect(reach.sets()).toEqual([]);
    expect(await lab.wg.endpoint()).toBe(v6);
  });

  test('SIGKILL in a trial: the lock is free at once, and the next run mends the tunnel', async () => {
    const { lab, reach } = scene();
    await breakForATrial(scene());
    const started = reach.start(reach.dropIn());
    await started.until(/^Done executing .* endpoint 203\.0\.113\.1:/m);
    started.kill('SIGKILL');
    expect((await started.ended).code).toBeNull();
    expect(await lab.wg.endpoint()).toBe(v4);
    await lab.path.set({ family: 4, drop: true });
    const run = await reach.run(reach.dropIn());
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(v6);
    expect(await lab.innerPing()).not.toBeNull();
  });

  test.each([{}, { WG_REACH_NO_NATIVE: '1' }])('two at once take turns, %o', async (env) => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    const turns = `${reach.scratchDirectory}/turns`;
    rmSync(turns, { force: true });
    reach.beforeSet(`echo $PPID >> ${turns}`);
    const started = [reach.start(reach.dropIn(), { env }), reach.start(reach.dropIn(), { env })];
    for (const each of started) {
      const run = await each.ended;
      expect(run.code, run.said).toBe(0);
    }
    expect(await lab.wg.endpoint()).toBe(v4);
    expect(await lab.innerPing()).not.toBeNull();
    const writers = readFileSync(turns, 'utf8').trim().split('\n');
    const changes = writers.filter((pid, index) => pid !== writers[index - 1]);
    expect(changes).toEqual([...new Set(writers)]);
    expect(started.map((each) => String(each.pid))).toEqual(expect.arrayContaining(changes));
    // Nothing but the offer of the preferred family was left to the second one.
    expect(reach.sets().filter((endpoint) => endpoint === v4).length).toBeLessThanOrEqual(2);
  });

  test('a lock that stays taken: one line that names the holder, exit 1, nothing done', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ drop: true });
    const holder = reach.start([...reach.dropIn(), '--verbose']);
    try {
      await holder.until(/The endpoint now set is/);
      const run = await reach.run([...reach.dropIn(), '--timeout', '16']);
      expect(run.code, run.said).toBe(1);
      expect(run.stderr).toMatch(/^wg-reach: [^\n]+\n$/);
      expect(run.stderr).toContain(`process ${holder.pid}`);
      expect(run.stderr).toContain(lab.interface);
      // A dry run writes nothing and needs no lock.
      await lab.path.clear();
      const dry = await reach.run([...reach.dropIn(), '--dryrun', '--timeout', '16']);
      expect(dry.code, dry.said).toBe(0);
    } finally {
      holder.kill('SIGTERM');
      await holder.ended;
    }
  });

  test('a run in the middle of a trial ends within --timeout, with the old endpoint', async () => {
    const { lab, reach } = scene();
    await breakForATrial(scene());
    const watch = watchEndpoint(lab);
    const run = await reach.run([...reach.dropIn(), '--timeout', '4.5']);
    const { seen } = await watch.stop();
    console.log(`--timeout 4.5 ended after ${Math.round(run.ms)} ms`);
    expect(run.code, run.said).toBe(254);
    expect(seen).toContain(v4);
    expect(await lab.wg.endpoint()).toBe(v6);
    expect(run.ms).toBeLessThan(4500);
  });

  test.each(['auto', 'icmp'])(
    'a run without an answer from DNS ends within --timeout, --probe %s',
    async (mode) => {
      const { lab, reach } = scene();
      await lab.path.set({ drop: true });
      await lab.dns.silence();
      const args = [...reach.dropIn(), '--host', hostName, '--probe', mode, '--timeout', '3'];
      const run = await reach.run(args);
      expect([254, 255], run.said).toContain(run.code);
      expect(run.ms, run.said).toBeLessThan(3000);
      expect(await lab.wg.endpoint()).toBe(v6);
    },
  );
});
