import { beforeEach, describe, expect, test } from 'vitest';
import { watchEndpoint } from './endpoint-watch.ts';
import { useScene, withScene } from './scene.ts';
import { hostName } from './wg-reach.ts';

const typeA = 1;
const typeAaaa = 28;

describe('names that do not resolve', () => {
  const scene = useScene();

  beforeEach(async () => {
    await scene().lab.router.firewall('');
    await scene().reset();
  });

  /** The router's firewall loses the questions of one type; it stands behind the header and the encoded name. */
  async function silenceType(type: number): Promise<void> {
    const qtypeAtBits = 8 * (8 + 12 + hostName.length + 2);
    const rule = `udp dport 53 @th,${qtypeAtBits},16 ${type} drop`;
    await scene().lab.router.firewall(`chain dns {\n type filter hook input priority 0\n ${rule}\n}`);
  }

  test('no address while the tunnel is alive: 0 with a warning, nothing changes', async () => {
    const { lab, reach } = scene();
    await lab.dns.remove(hostName);
    const watch = watchEndpoint(lab);
    const run = await reach.run(reach.dropIn());
    expect(run.code, run.said).toBe(0);
    expect((await watch.stop()).seen).toEqual([lab.endpoint('v6')]);
    expect(run.said).toMatch(/warning: no addresses resolved for vpn\.example\.test/i);
    expect(reach.sets()).toEqual([]);
  });

  test('the DNS server is gone while the tunnel is alive: the same', async () => {
    const { lab, reach } = scene();
    await lab.dns.stop();
    try {
      const run = await reach.run(reach.dropIn());
      expect(run.code, run.said).toBe(0);
      expect(run.said).toMatch(/warning: no addresses resolved/i);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
    } finally {
      await lab.dns.start();
    }
  });

  test('look-ups without an answer do not hold up a run whose tunnel is alive', async () => {
    const { lab, reach } = scene();
    await lab.dns.silence();
    const run = await reach.run(reach.dropIn());
    console.log(`healthy, no answer from DNS: ${Math.round(run.ms)} ms`);
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
    // The resolver itself gives up after 10 s.
    expect(run.ms, run.said).toBeLessThan(5000);
  });

  test('look-ups that take 3 s do not hold up a run whose tunnel is alive', async () => {
    const { lab, reach } = scene();
    await lab.dns.delay(3000);
    const run = await reach.run(reach.dropIn());
    console.log(`healthy, DNS takes 3 s: ${Math.round(run.ms)} ms`);
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
    expect(run.ms, run.said).toBeLessThan(2900);
  });

  test.each([
    ['A', typeA, 'v6'],
    ['AAAA', typeAaaa, 'v6'],
    ['A', typeA, 'v4'],
    ['AAAA', typeAaaa, 'v4'],
  ])(
    'the look-up of %s hangs (type %i): a run whose tunnel is alive on %s is not held up',
    async (...row) => {
      const [, type, name] = row;
      const { lab, reach, reset } = scene();
      await reset(lab.endpoint(name));
      await silenceType(type);
      const run = await reach.run(reach.dropIn());
      console.log(`alive on ${name}, look-up of ${row[0]} hangs: ${Math.round(run.ms)} ms`);
      expect(run.code, run.said).toBe(0);
      expect(await lab.innerPing()).not.toBeNull();
      expect(run.ms, run.said).toBeLessThan(5000);
    },
  );

  test.each(['auto', 'icmp'])(
    'the look-up of AAAA hangs: a dead tunnel is moved, --probe %s',
    async (mode) => {
      const { lab, reach } = scene();
      await lab.path.set({ family: 6, drop: true });
      await silenceType(typeAaaa);
      const run = await reach.run([...reach.dropIn(), '--probe', mode]);
      console.log(`dead, look-up of AAAA hangs, --probe ${mode}: ${Math.round(run.ms)} ms`);
      expect(run.code, run.said).toBe(0);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
      expect(run.ms, run.said).toBeLessThan(5000);
    },
  );
});

describe.concurrent('nothing to be found', () => {
  test(
    'the name does not resolve and the tunnel is dead: 255, the endpoint as before',
    withScene({}, async ({ lab, reach }) => {
      await lab.connect();
      await lab.dns.remove(hostName);
      await lab.path.set({ drop: true });
      const run = await reach.run(reach.dropIn());
      expect(run.code, run.said).toBe(255);
      expect(run.stdout).toContain(`No addresses resolved for ${hostName}.\n`);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
      expect(reach.sets().filter((endpoint) => endpoint !== lab.endpoint('v6'))).toEqual([]);
    }),
  );

  test(
    'no address works: 254, the endpoint as before',
    withScene({}, async ({ lab, reach }) => {
      await lab.connect();
      await lab.path.set({ drop: true });
      const run = await reach.run(reach.dropIn());
      expect(run.code, run.said).toBe(254);
      expect(run.stdout).toContain('None of the tested endpoints');
      expect(reach.sets()).toContain(lab.endpoint('v4'));
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
      // It works again without further help when the path does.
      await lab.path.clear();
      await lab.connect();
    }),
  );

  test(
    'no address works and a dry run: 254, and nothing was even tried',
    withScene({}, async ({ lab, reach }) => {
      await lab.connect();
      await lab.path.set({ drop: true });
      const watch = watchEndpoint(lab);
      const run = await reach.run([...reach.dropIn(), '--dryrun']);
      expect(run.code, run.said).toBe(254);
      expect((await watch.stop()).seen).toEqual([lab.endpoint('v6')]);
      expect(reach.sets()).toEqual([]);
    }),
  );
});
