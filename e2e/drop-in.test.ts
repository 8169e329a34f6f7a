import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { watchEndpoint } from './endpoint-watch.ts';
import { useScene } from './scene.ts';
import { hostName } from './wg-reach.ts';

const moved = '203.0.113.77';

describe('the drop-in form on a dual-stack host', () => {
  const scene = useScene();
  let v4: string;
  let v6: string;

  beforeAll(() => {
    v4 = scene().lab.endpoint('v4');
    v6 = scene().lab.endpoint('v6');
  });
  beforeEach(() => scene().reset());

  test('IPv6 healthy: nothing changes, and the article’s lines are printed', async () => {
    const { lab, reach } = scene();
    const watch = watchEndpoint(lab);
    const run = await reach.run(reach.dropIn());
    const { seen, looks } = await watch.stop();
    expect(run.code, run.said).toBe(0);
    expect(seen).toEqual([v6]);
    expect(looks).toBeGreaterThan(2);
    expect(reach.sets()).toEqual([]);
    expect(run.stderr).toBe('');
    const lines = run.stdout.split('\n');
    expect(lines).toContain(`Candidate addresses: ['${lab.address('v6')}', '${lab.address('v4')}']`);
    expect(lines).toContain(`${lab.address('v6')} is reachable`);
    expect(run.stdout).toContain(`All reachable addresses: ['${lab.address('v6')}'`);
    expect(lines).toContain(`Chosen endpoint is ${v6}`);
    expect(lines).toContain(`Existing endpoint is ${v6}`);
    expect(lines).toContain(`Nothing to do: endpoint is already ${v6}`);
  });

  test('IPv6 black-holed: IPv4 is set, carries packets at once, and the server has heard of it', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    const run = await reach.run(reach.dropIn());
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(v4);
    expect(reach.sets().at(-1)).toBe(v4);
    const server = lab.server();
    const heard = await server.exec(['wg', 'show', server.interface, 'endpoints']);
    expect(heard.stdout).toContain(`\t${lab.client.uplink().address(4)}:`);
    expect(await lab.innerPing()).not.toBeNull();
    const command = `wg set ${lab.interface} peer ${lab.peerKey()} endpoint ${v4}`;
    // A line about another address may stand between the two.
    const lines = run.stdout.split('\n');
    expect(lines).toContain(`Executing ${command}`);
    expect(lines.indexOf(`Done executing ${command}`)).toBeGreaterThan(lines.indexOf(`Executing ${command}`));
    expect(run.stdout).toContain(`${lab.address('v6')} is not reachable\n`);
    expect(run.stdout).toContain(`All reachable addresses: ['${lab.address('v4')}']\n`);
    expect(run.stdout).toContain(`Chosen endpoint is ${v4}\nExisting endpoint is ${v6}\n`);
  });

  test('DNS moved to a new address: it is followed', async () => {
    const { lab, reach } = scene();
    await reach.run(reach.dropIn());
    await lab.server().addAddress(moved);
    await lab.server().removeAddress(lab.address('v6'));
    await lab.dns.set(hostName, { A: [moved] });
    try {
      expect(await lab.innerPing()).toBeNull();
      const run = await reach.run(reach.dropIn());
      expect(run.code, run.said).toBe(0);
      expect(await lab.wg.endpoint()).toBe(`${moved}:${lab.port}`);
      expect(await lab.innerPing()).not.toBeNull();
    } finally {
      await lab.server().removeAddress(moved);
      await lab.server().addAddress(lab.address('v6'));
    }
  });

  test('duplicates and IPv4-mapped addresses are candidates only once', async () => {
    const { lab, reach } = scene();
    const [a, aaaa] = [lab.address('v4'), lab.address('v6')];
    await lab.dns.set(hostName, { A: [a, a], AAAA: [`::ffff:${a}`, aaaa, aaaa] });
    const run = await reach.run(reach.dropIn());
    expect(run.code, run.said).toBe(0);
    expect(run.stdout).toContain(`Candidate addresses: ['${aaaa}', '${a}']\n`);
    expect(run.stdout).not.toContain('ffff');
  });

  test('addresses of DNS that can be no peer are never set', async () => {
    const { lab, reach } = scene();
    const own = lab.client.uplink().address(4) ?? '';
    await lab.path.set({ family: 6, drop: true });
    await lab.dns.set(hostName, { A: ['127.0.0.1', '0.0.0.0', '224.0.0.1', own, lab.address('v4')] });
    const run = await reach.run(reach.dropIn());
    expect(run.code, run.said).toBe(0);
    expect([...new Set(reach.sets())].filter((endpoint) => endpoint !== v6)).toEqual([v4]);
    expect(run.stdout).toContain(`Candidate addresses: ['${lab.address('v4')}']\n`);
  });

  test('a literal address as the host, with and without brackets', async () => {
    const { lab, reach } = scene();
    for (const host of [lab.address('v4'), lab.address('v6'), `[${lab.address('v6')}]`]) {
      const args = [...reach.dropIn(), '--host', host];
      const run = await reach.run(args);
      expect(run.code, run.said).toBe(0);
    }
    expect(await lab.wg.endpoint()).toBe(v6);
    await lab.path.set({ family: 6, drop: true });
    const run = await reach.run([...reach.dropIn(), '--host', lab.address('v4')]);
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(v4);
  });

  test('--quiet: silent while all is well, not when something was done', async () => {
    const { lab, reach } = scene();
    const healthy = await reach.run([...reach.dropIn(), '--quiet']);
    expect(healthy.code, healthy.said).toBe(0);
    expect(healthy.said).toBe('');
    await lab.path.set({ family: 6, drop: true });
    const broken = await reach.run([...reach.dropIn(), '--quiet']);
    expect(broken.code, broken.said).toBe(0);
    expect(broken.stdout).toContain(`Done executing wg set ${lab.interface}`);
  });

  test('--json: one value with what was seen and done', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    const run = await reach.run([...reach.dropIn(), '--json']);
    expect(run.code, run.said).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({
      interface: lab.interface,
      publicKey: lab.peerKey(),
      exitCode: 0,
      outcome: 'proven',
      endpointBefore: v6,
      endpoint: v4,
      proof: { kind: 'echo', endpoint: v4 },
      candidates: expect.arrayContaining([expect.objectContaining({ endpoint: v4, verdict: 'proven' })]),
    });
  });

  test('a dry run changes nothing and says what it would do, in both modes', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    for (const mode of ['auto', 'icmp']) {
      for (const flag of ['--dryrun', '--dry-run']) {
        const watch = watchEndpoint(lab);
        const run = await reach.run([...reach.dropIn(), '--probe', mode, flag]);
        expect((await watch.stop()).seen).toEqual([v6]);
        expect(run.code, run.said).toBe(0);
        const command = `wg set ${lab.interface} peer ${lab.peerKey()} endpoint ${v4}`;
        expect(run.stdout).toContain(`DRY RUN: Would have executed ${command}\n`);
      }
    }
    expect(reach.sets()).toEqual([]);
  });

  test('a dry run on a healthy tunnel, and where the preferred family could be offered', async () => {
    const { lab, reach } = scene();
    const healthy = await reach.run([...reach.dropIn(), '--dryrun']);
    expect(healthy.code, healthy.said).toBe(0);
    expect(healthy.stdout).toContain(`Nothing to do: endpoint is already ${v6}\n`);
    await scene().reset(v4);
    const offered = await reach.run([...reach.dropIn(), '--dryrun']);
    expect(offered.code, offered.said).toBe(0);
    expect(offered.stdout).toContain(`endpoint ${v6}\n`);
    expect(reach.sets()).toEqual([]);
    expect(await lab.wg.endpoint()).toBe(v4);
  });

  test('--help and --version', async () => {
    const { reach } = scene();
    const help = await reach.run(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('wg-reach repair');
    const version = await reach.run(['--version']);
    expect(version.code).toBe(0);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('the drop-in form where nothing was decided yet', () => {
  const third = '203.0.113.13';
  const dead = ['203.0.113.11', '203.0.113.12'];
  const scene = useScene({ servers: [{ name: 'v4', address: third }], endpoint: null, presharedKey: true });

  beforeAll(() => scene().lab.dns.set(hostName, { A: [...dead, third] }));

  test('without an endpoint: a dry run leaves it so, an unknown name is 255', async () => {
    const { lab, reach } = scene();
    const dry = await reach.run([...reach.dropIn(), '--dryrun']);
    expect(dry.code, dry.said).toBe(0);
    expect(dry.stdout).toContain('Existing endpoint is (none)\n');
    const unknown = await reach.run([...reach.dropIn(), '--host', 'nobody.example.test']);
    expect(unknown.code, unknown.said).toBe(255);
    expect(unknown.stdout).toContain('No addresses resolved for nobody.example.test.\n');
    expect(await lab.wg.endpoint()).toBeNull();
    expect(reach.sets()).toEqual([]);
  });

  test('three A records of which only the third works; the peer had no endpoint and has a preshared key', async () => {
    const { lab, reach } = scene();
    const secret = () => lab.client.exec(['wg', 'show', lab.interface, 'preshared-keys']);
    const before = await secret();
    const run = await reach.run(reach.dropIn());
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(`${third}:${lab.port}`);
    expect(await lab.innerPing()).not.toBeNull();
    expect((await secret()).stdout).toBe(before.stdout);
    expect(before.stdout).not.toContain('(none)');
  });

  test('three A records of which only the third works, with a session and a dead endpoint, by both modes', async () => {
    const { lab, reach } = scene();
    for (const mode of ['auto', 'icmp']) {
      await lab.wg.setEndpoint(`${dead[0]}:${lab.port}`);
      const run = await reach.run([...reach.dropIn(), '--probe', mode]);
      expect(run.code, run.said).toBe(0);
      expect(run.stdout).toContain(`All reachable addresses: ['${third}']\n`);
      expect(await lab.wg.endpoint()).toBe(`${third}:${lab.port}`);
      expect(await lab.innerPing()).not.toBeNull();
    }
  });
});

describe('the drop-in form on a host without IPv6', () => {
  const scene = useScene({ families: [4] });

  test('an IPv6 endpoint that cannot even be routed is left for IPv4', async () => {
    const { lab, reach } = scene();
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
    const run = await reach.run(reach.dropIn());
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
    expect(await lab.innerPing()).not.toBeNull();
  });
});
