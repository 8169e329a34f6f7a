import { beforeEach, describe, expect, test } from 'vitest';
import { useScene } from './scene.ts';
import { hostName } from './wg-reach.ts';

describe('what must not surprise anybody', () => {
  const scene = useScene();

  beforeEach(() => scene().reset());

  test.each([
    ['--dry-run', ['--dry-run', 'repair']],
    ['--probe', ['--probe', 'icmp', 'repair']],
    ['--interface', ['--interface', 'wg0', 'repair']],
  ])('an option before the command (%s) is a usage error, not ignored', async (option, args) => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    const run = await reach.run(args);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(option);
    expect(await reach.sets()).toHaveLength(0);
  });

  test('an interface that is down is an error that says so, also with --quiet', async () => {
    const { lab, reach } = scene();
    await lab.client.exec(['ip', 'link', 'set', lab.interface, 'down']);
    try {
      const run = await reach.run([...reach.dropIn(), '--quiet']);
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(/is down/);
    } finally {
      await lab.client.exec(['ip', 'link', 'set', lab.interface, 'up']);
    }
  });

  test.each([50, 150, 400])(
    'SIGTERM after %i ms ends the run soon, with the endpoint as it was',
    async (afterMs) => {
      const { lab, reach } = scene();
      await lab.path.set({ drop: true });
      const before = await lab.wg.endpoint();
      const started = reach.start(reach.dropIn());
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      process.kill(started.pid, 'SIGTERM');
      const run = await started.ended;
      expect(run.ms).toBeLessThan(5_000);
      expect(run.code).not.toBe(0);
      expect(await lab.wg.endpoint()).toBe(before);
    },
  );

  test('a second signal does not interrupt the way back from a trial', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ drop: true });
    const before = await lab.wg.endpoint();
    const started = reach.start(reach.dropIn());
    await expect.poll(() => lab.wg.endpoint(), { timeout: 30_000, interval: 20 }).not.toBe(before);
    process.kill(started.pid, 'SIGTERM');
    setTimeout(() => process.kill(started.pid, 'SIGINT'), 3);
    const run = await started.ended;
    expect(run.said).toMatch(/told to stop/);
    expect(run.said).not.toMatch(/were reachable/);
    expect(await lab.wg.endpoint()).toBe(before);
  });

  test('an address that can never be a peer is named, with the reason', async () => {
    const { lab, reach } = scene();
    await lab.dns.set(hostName, { A: ['127.0.0.1'] });
    const run = await reach.run(reach.dropIn());
    expect(run.stdout).toContain('127.0.0.1 is left out: it is a loopback address');
    await lab.path.set({ drop: true });
    expect((await reach.run([...reach.dropIn(), '--timeout', '15'])).code).toBe(255);
  });

  test('more addresses than can be used are said to be left out', async () => {
    const { lab, reach } = scene();
    const many = Array.from({ length: 100 }, (_, index) => `198.51.100.${index + 1}`);
    await lab.dns.set(hostName, { A: [...many, lab.address('v4')], AAAA: [lab.address('v6')] });
    const run = await reach.run(reach.dropIn());
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/37 more addresses are left out/);
  });

  test('an endpoint that the name does not list is kept while the tunnel works, and that is said', async () => {
    const { lab, reach } = scene();
    await lab.dns.set(hostName, { A: [lab.address('v4')] });
    const run = await reach.run(reach.dropIn());
    expect(run.code).toBe(0);
    expect(run.stdout).toContain(`${lab.endpoint('v6')} is none of the addresses of ${hostName}`);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
  });

  test('a slow wg costs time, not the right candidate', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    const slow = `${reach.scratchDirectory}/slow-wg`;
    await lab.client.exec(['mkdir', '-p', slow]);
    await lab.client.exec([
      'sh',
      '-c',
      `printf '#!/bin/sh\\nsleep 0.6\\nexec /usr/bin/wg "$@"\\n' > ${slow}/wg && chmod +x ${slow}/wg`,
    ]);
    const run = await reach.run(reach.dropIn(), {
      env: { PATH: `${slow}:${process.env.PATH ?? ''}` },
      plainWg: true,
    });
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
    expect(run.said).not.toMatch(new RegExp(`${lab.endpoint('v4').replaceAll('.', '\\.')} does not work`));
  });

  test('a peer that a file lists twice is looked after once, by its last section', async () => {
    const { lab, reach } = scene();
    lab.writeConfig(
      { endpointName: hostName, allowedIps: ['10.77.0.1/32'] },
      { endpointName: hostName, allowedIps: ['10.77.0.1/32'] },
    );
    const run = await reach.run(['repair', '--json']);
    expect(run.code, run.said).toBe(0);
    expect(JSON.parse(run.stdout).peers).toHaveLength(1);
  });

  test('repair --json prints a value also where there is nothing to do', async () => {
    const run = await scene().reach.run(['repair', '--json', 'nosuch']);
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toEqual({ peers: [] });
  });

  test('a mistyped command is named, and -h and -V work', async () => {
    const { reach } = scene();
    const run = await reach.run(['repar']);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('"repar"');
    expect((await reach.run(['-h'])).code).toBe(0);
    expect((await reach.run(['-V'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('output that is lost is an error', async () => {
    const { lab, reach } = scene();
    const run = await lab.client.exec(
      [
        'sh',
        '-c',
        'exec "$0" "$@" > /dev/full',
        `${process.cwd()}/bin/wg-reach`,
        ...reach.dropIn(),
        '--state-dir',
        reach.stateDirectory,
        '--runtime-dir',
        reach.runtimeDirectory,
      ],
      { timeoutMs: 60_000 },
    );
    expect(run.code).toBe(1);
  });
});
