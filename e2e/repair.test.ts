import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { watchEndpoint } from './endpoint-watch.ts';
import { useScene } from './scene.ts';
import { hostName } from './wg-reach.ts';

const secondName = 'second.example.test';

describe('two peers on one interface, only the second broken', () => {
  const scene = useScene({ peers: 2 });
  let first: string;
  let second4: string;
  let second6: string;

  beforeAll(() => {
    const { lab } = scene();
    first = lab.endpoint('v6');
    second4 = lab.endpoint('v4-1');
    second6 = lab.endpoint('v6-1');
  });
  beforeEach(async () => {
    const { lab, reset } = scene();
    await lab.dns.set(secondName, { A: [lab.address('v4-1')], AAAA: [lab.address('v6-1')] });
    await lab.path.clear();
    await lab.wg.setEndpoint(second6, 1);
    await lab.connect(1);
    lab.writeConfig({ endpointName: hostName }, { endpointName: secondName });
    await reset();
    await lab.path.set({ address: lab.address('v6-1'), drop: true });
  });

  test.each(['auto', 'icmp'])('the drop-in form reads and sets the right one, --probe %s', async (mode) => {
    const { lab, reach } = scene();
    const watch = watchEndpoint(lab);
    const args = [...reach.dropIn(1), '--host', secondName, '--probe', mode];
    const run = await reach.run(args);
    expect((await watch.stop()).seen).toEqual([first]);
    expect(run.code, run.said).toBe(0);
    expect(run.stdout).toContain(`Existing endpoint is ${second6}\n`);
    expect(reach.sets()).not.toContain(first);
    expect(await lab.wg.endpoint(1)).toBe(second4);
    expect(await lab.innerPing(1)).not.toBeNull();
  });

  test('the drop-in form for the healthy one, which is listed first, does nothing', async () => {
    const { lab, reach } = scene();
    const run = await reach.run(reach.dropIn(0));
    expect(run.code, run.said).toBe(0);
    expect(reach.sets()).toEqual([]);
    expect(await lab.wg.endpoint(1)).toBe(second6);
  });

  test.each([0, 1, 2])('repair with %i words mends the second alone', async (words) => {
    const { lab, reach } = scene();
    const watch = watchEndpoint(lab);
    const run = await reach.run(['repair', ...[lab.interface, lab.peerKey(1)].slice(0, words)]);
    expect((await watch.stop()).seen).toEqual([first]);
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint(1)).toBe(second4);
    expect(run.stdout).toContain(`moved from ${second6} to ${second4}`);
    expect(run.stdout.includes(`works over ${first}`)).toBe(words < 2);
  });

  test('repair of the healthy peer by its key leaves the broken one alone', async () => {
    const { lab, reach } = scene();
    const run = await reach.run(['repair', lab.interface, lab.peerKey(0)]);
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint(1)).toBe(second6);
    expect(reach.sets()).toEqual([]);
  });

  test('repair --dry-run changes nothing and says what it would do; --json has both peers', async () => {
    const { lab, reach } = scene();
    const run = await reach.run(['repair', '--dry-run']);
    expect(run.code, run.said).toBe(0);
    expect(run.stdout).toContain(`dry run: would have moved from ${second6} to ${second4}`);
    const json = await reach.run(['repair', '--dry-run', '--json']);
    expect(JSON.parse(json.stdout).peers).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ publicKey: lab.peerKey(0), outcome: 'proven', wouldSet: null }),
        expect.objectContaining({ publicKey: lab.peerKey(1), outcome: 'would-set', wouldSet: second4 }),
      ]),
    );
    expect(reach.sets()).toEqual([]);
  });

  test('repair: the worst of the peers decides the exit code, and the good one is still mended', async () => {
    const { lab, reach } = scene();
    await lab.dns.set(hostName, { A: ['203.0.113.99'] });
    await lab.wg.setEndpoint(`203.0.113.99:${lab.port}`);
    // The server would call by itself, sooner or later.
    for (const name of ['v4', 'v6']) await lab.path.add({ address: lab.address(name), drop: true });
    const run = await reach.run(['repair', '--timeout', '20']);
    expect(run.code, run.said).toBe(1);
    expect(run.stderr).toContain(lab.peerKey(0));
    expect(run.stderr).not.toContain(lab.peerKey(1));
    expect(await lab.wg.endpoint(1)).toBe(second4);
    expect(await lab.wg.endpoint(0)).toBe(`203.0.113.99:${lab.port}`);
  });
});

describe('repair and the files of wg-quick', () => {
  const scene = useScene();

  beforeEach(async () => {
    await scene().reset();
    scene().lab.writeConfig({ endpointName: hostName });
  });

  test('--quiet on a healthy tunnel says nothing, as cron wants it', async () => {
    const { reach } = scene();
    const run = await reach.run(['repair', '--quiet']);
    expect(run.code, run.said).toBe(0);
    expect(run.said).toBe('');
  });

  test('a peer with an address in the file is not touched, even if it is dead', async () => {
    const { lab, reach } = scene();
    lab.writeConfig({ endpointName: lab.address('v6') });
    await lab.path.set({ drop: true });
    const run = await reach.run(['repair', lab.interface]);
    expect(run.code, run.said).toBe(1);
    expect(run.stderr).toMatch(/^wg-reach: no peer with a host name .*\n$/);
    expect(run.stderr).toContain(lab.interface);
    expect(reach.sets()).toEqual([]);
  });

  test('an interface that is down is said, and no failure; asked for by name it is one', async () => {
    const { lab, reach } = scene();
    const file = lab.writeConfig({ endpointName: hostName });
    const other = file.replace(`${lab.interface}.conf`, 'wgdown0.conf');
    writeFileSync(other, readFileSync(file), { mode: 0o600 });
    try {
      const all = await reach.run(['repair']);
      expect(all.code, all.said).toBe(0);
      expect(all.stdout).toContain('wgdown0: there is no such interface now');
      const named = await reach.run(['repair', 'wgdown0']);
      expect(named.code, named.said).toBe(1);
      expect(named.stderr).toContain('there is no interface wgdown0');
    } finally {
      rmSync(other);
    }
  });

  test('a file with a mistake in it costs a warning with its line, not the job', async () => {
    const { lab, reach } = scene();
    const file = lab.writeConfig({ endpointName: hostName });
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text}\n[Peer]\nPublicKey = no-key\nEndpoint = other.example.test:51820\n`);
    await lab.path.set({ family: 6, drop: true });
    const run = await reach.run(['repair']);
    const line = text.split('\n').length + 2;
    expect(run.stderr, run.said).toContain(`${lab.interface}.conf:${line}`);
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
  });
});
