import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { useScene } from './scene.ts';

const oneLine = /^wg-reach: [^\n]+\n$/;
const root = fileURLToPath(new URL('..', import.meta.url));

/** A directory with links to those programs of the system alone, for use as the whole PATH. */
function directoryOf(programs: readonly string[], directory: string): string {
  mkdirSync(directory);
  for (const name of programs) {
    const places = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].map((place) => `${place}/${name}`);
    const found = places.find((path) => statSync(path, { throwIfNoEntry: false }));
    if (found === undefined) throw new Error(`${name} is missing.`);
    symlinkSync(found, `${directory}/${name}`);
  }
  return directory;
}

describe('hosts that lack something', () => {
  const scene = useScene();

  beforeEach(() => scene().reset());

  /** Runs in a black-holed lab and expects that the job is done all the same. */
  async function expectMended(more: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    const run = await reach.run([...reach.dropIn(), ...more], { env });
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint(), run.said).toBe(lab.endpoint('v4'));
    expect(await lab.innerPing()).not.toBeNull();
    return run;
  }

  test.each([
    ['cannot even be looked at', (path: string) => writeFileSync(path, '')],
    ['cannot be made, a disk that is not mounted', (path: string) => symlinkSync(`${path}-gone/disk`, path)],
  ])('directories that %s cost one warning each, not the job', async (what, make) => {
    const { reach } = scene();
    const file = `${reach.scratchDirectory}/place-${what.length}`;
    make(file);
    const run = await expectMended(['--state-dir', `${file}/state`, '--runtime-dir', `${file}/run`]);
    const warnings = run.stderr.trimEnd().split('\n');
    expect(warnings.every((line) => line.startsWith('wg-reach: warning: '))).toBe(true);
    expect(warnings.every((line) => line.includes(file))).toBe(true);
    expect(warnings.filter((line) => line.includes('no lock'))).toHaveLength(1);
    expect(warnings.filter((line) => /the state|remembered/.test(line))).toHaveLength(1);
    expect(warnings).toHaveLength(2);
  });

  test('a damaged state file costs one warning, not the job', async () => {
    const { reach } = scene();
    mkdirSync(reach.stateDirectory, { recursive: true });
    writeFileSync(`${reach.stateDirectory}/state.json`, '{"version": 1, "peers": {"x"');
    const run = await expectMended([]);
    expect(run.stderr).toMatch(/^wg-reach: warning: [^\n]*damaged[^\n]*\n$/);
    const state = JSON.parse(readFileSync(`${reach.stateDirectory}/state.json`, 'utf8'));
    expect(state.version).toBe(1);
  });

  test.each(['auto', 'icmp'])('without the native library, --probe %s', async (mode) => {
    const run = await expectMended(['--probe', mode], { WG_REACH_NO_NATIVE: '1' });
    expect(run.stdout).toContain(`All reachable addresses: ['${scene().lab.address('v4')}']\n`);
  });

  test('without getent and with nothing but wg, ip and ping', async () => {
    const { lab, reach } = scene();
    const only = directoryOf(['wg', 'ip', 'ping'], `${reach.scratchDirectory}/few`);
    await lab.path.set({ family: 6, drop: true });
    const prefix = ['/usr/bin/env', `PATH=${only}`, process.execPath];
    const run = await reach.run(reach.dropIn(), { prefix });
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
  });

  test.each(['auto', 'icmp'])('wg is missing: one line, exit 1, --probe %s', async (mode) => {
    const { lab, reach } = scene();
    const only = directoryOf(['ip', 'ping', 'getent'], `${reach.scratchDirectory}/no-wg-${mode}`);
    const prefix = ['/usr/bin/env', `PATH=${only}`, process.execPath];
    const run = await reach.run([...reach.dropIn(), '--probe', mode], { prefix });
    expect(run.code, run.said).toBe(1);
    expect(run.stderr).toMatch(oneLine);
    expect(run.stderr).toContain("'wg'");
    expect(run.stderr).toContain('wireguard-tools');
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
  });

  test('not root: one line that says so, exit 1, nothing changed', async () => {
    const { lab, reach } = scene();
    // A checkout below /root cannot even be read by nobody: a copy, as an installed package would be.
    const copy = mkdtempSync(`${tmpdir()}/wg-reach-installed-`);
    try {
      for (const part of [
        'bin',
        'dist/src',
        'package.json',
        'node_modules/commander',
        'node_modules/ipaddr.js',
      ])
        cpSync(`${root}${part}`, `${copy}/${part}`, { recursive: true });
      const node = `${copy}/node`;
      cpSync(process.execPath, node);
      await lab.client.exec(['chmod', '-R', 'a+rX', copy]);
      await lab.path.set({ family: 6, drop: true });
      for (const command of [reach.dropIn(), [...reach.dropIn(), '--dryrun']]) {
        const run = await reach.run(
          [...command, '--state-dir', `${copy}/state`, '--runtime-dir', `${copy}/run`],
          {
            plainWg: true,
            program: `${copy}/bin/wg-reach`,
            prefix: ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', node],
          },
        );
        expect(run.code, run.said).toBe(1);
        expect(run.stderr).toMatch(oneLine);
        expect(run.stderr).toMatch(/not allowed|root/);
      }
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  test.each(['auto', 'icmp'])(
    'the interface is removed midway: one line, exit 1, --probe %s',
    async (mode) => {
      const { lab, reach } = scene();
      await lab.path.set({ drop: true });
      const started = reach.start([...reach.dropIn(), '--probe', mode, '--verbose']);
      try {
        await started.until(/The endpoint now set is/);
        await lab.wg.remove();
        const run = await started.ended;
        expect(run.code, run.said).toBe(mode === 'icmp' ? 254 : 1);
        if (mode === 'auto') {
          expect(run.stderr).toMatch(oneLine);
          expect(run.stderr).toContain(lab.interface);
        }
      } finally {
        await lab.wg.recreate();
      }
    },
  );

  test.each(['auto', 'icmp'])('the interface is removed right before the set, --probe %s', async (mode) => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    reach.beforeSet(`[ "$6" = ${lab.endpoint('v4')} ] && ip link del ${lab.interface}`);
    try {
      const run = await reach.run([...reach.dropIn(), '--probe', mode]);
      expect(run.code, run.said).toBe(1);
      expect(run.stderr).toMatch(oneLine);
      expect(run.stderr).toContain(lab.interface);
    } finally {
      await lab.wg.recreate();
    }
  });

  test.each(['auto', 'icmp'])(
    'a peer removed between our read and our set stays removed, --probe %s',
    async (mode) => {
      const { lab, reach } = scene();
      await lab.path.set({ family: 6, drop: true });
      reach.beforeSet(
        `[ "$6" = ${lab.endpoint('v4')} ] && $WG set ${lab.interface} peer ${lab.peerKey()} remove`,
      );
      try {
        const run = await reach.run([...reach.dropIn(), '--probe', mode]);
        expect(reach.sets(), run.said).toContain(lab.endpoint('v4'));
        expect(run.code, run.said).toBe(1);
        expect(run.stderr).toMatch(oneLine);
        expect(run.stderr).toContain(lab.peerKey());
        const left = await lab.client.exec(['wg', 'show', lab.interface, 'peers']);
        expect(left.stdout).toBe('');
      } finally {
        await lab.wg.recreate();
      }
    },
  );

  test('a peer that was removed before the run is not created', async () => {
    const { lab, reach } = scene();
    await lab.wg.removePeer();
    try {
      for (const mode of ['auto', 'icmp']) {
        const run = await reach.run([...reach.dropIn(), '--probe', mode]);
        expect(run.code, run.said).toBe(1);
        expect(run.stderr).toMatch(oneLine);
      }
      expect(reach.sets()).toEqual([]);
      expect((await lab.client.exec(['wg', 'show', lab.interface, 'peers'])).stdout).toBe('');
    } finally {
      await lab.wg.recreate();
    }
  });

  test('wg that hangs: the run ends, with one line', async () => {
    const { reach } = scene();
    const slow = `${reach.scratchDirectory}/slow`;
    mkdirSync(slow);
    writeFileSync(`${slow}/wg`, '#!/bin/sh\nexec sleep 30\n', { mode: 0o755 });
    const path = `${slow}:${process.env.PATH ?? ''}:${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`;
    const run = await reach.run(reach.dropIn(), { env: { PATH: path } });
    expect(run.code, run.said).toBe(1);
    expect(run.stderr).toMatch(oneLine);
    expect(run.stderr).toMatch(/did not answer within/);
    expect(run.ms).toBeLessThan(15_000);
  });
});

describe('a host whose users may not open ping sockets', () => {
  const scene = useScene({ pingGroupRange: 'closed' });

  beforeEach(() => scene().reset());

  test.each(['auto', 'icmp'])('healthy: nothing changes; black-holed: mended, --probe %s', async (mode) => {
    const { lab, reach } = scene();
    const healthy = await reach.run([...reach.dropIn(), '--probe', mode]);
    expect(healthy.code, healthy.said).toBe(0);
    expect(reach.sets()).toEqual([]);
    await lab.path.set({ family: 6, drop: true });
    const run = await reach.run([...reach.dropIn(), '--probe', mode]);
    expect(run.code, run.said).toBe(0);
    expect(run.stdout).toContain(`All reachable addresses: ['${lab.address('v4')}']\n`);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
    expect(await lab.innerPing()).not.toBeNull();
  });
});
