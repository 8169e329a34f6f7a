import { beforeEach, describe, expect, test } from 'vitest';
import { watchEndpoint } from './endpoint-watch.ts';
import { useScene } from './scene.ts';
import { hostName } from './wg-reach.ts';

const wrong4 = '198.51.100.66';
const extra = '203.0.113.21';
/** Nobody has these. */
const dead = Array.from({ length: 8 }, (_, index) => `203.0.113.${101 + index}`);

describe('--probe icmp', () => {
  const scene = useScene({
    wrongHosts: [wrong4],
    servers: [
      { name: 'v6', address: '2001:db8:1::1' },
      { name: 'v4', address: '203.0.113.1' },
      { name: 'extra', address: extra },
    ],
  });

  beforeEach(async () => {
    const { lab, reset } = scene();
    await reset();
    await lab.dns.set(hostName, { A: [lab.address('v4')], AAAA: [lab.address('v6')] });
  });

  const icmp = (...more: string[]) => [...scene().reach.dropIn(), '--probe', 'icmp', ...more];

  test('IPv6 healthy: nothing changes', async () => {
    const { lab, reach } = scene();
    const watch = watchEndpoint(lab);
    const run = await reach.run(icmp());
    expect(run.code, run.said).toBe(0);
    expect((await watch.stop()).seen).toEqual([lab.endpoint('v6')]);
    expect(reach.sets()).toEqual([]);
    expect(run.stdout).toContain(`Nothing to do: endpoint is already ${lab.endpoint('v6')}\n`);
  });

  test('IPv6 black-holed: IPv4, and the peer hears of it by an inner packet', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    const run = await reach.run(icmp());
    expect(run.code, run.said).toBe(0);
    expect(reach.sets()).toEqual([lab.endpoint('v4')]);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
    // Nothing else has gone through the tunnel since.
    const server = lab.server();
    const heard = await server.exec(['wg', 'show', server.interface, 'endpoints']);
    expect(heard.stdout).toContain(`\t${lab.client.uplink().address(4)}:`);
    expect(await lab.innerPing()).not.toBeNull();
  });

  test('back to IPv6 each time it answers, as the script does', async () => {
    const { lab, reach, reset } = scene();
    for (let round = 0; round < 2; round += 1) {
      await lab.wg.setEndpoint(lab.endpoint('v4'));
      const run = await reach.run(icmp());
      expect(run.code, run.said).toBe(0);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
    }
    await reset();
  });

  test('of two good addresses the one now set is kept', async () => {
    const { lab, reach } = scene();
    await lab.dns.set(hostName, { A: [lab.address('v4'), extra] });
    for (const name of ['v4', 'extra']) {
      await lab.wg.setEndpoint(lab.endpoint(name));
      const run = await reach.run(icmp());
      expect(run.code, run.said).toBe(0);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint(name));
    }
    expect(reach.sets()).toEqual([]);
  });

  test('a wrong host that answers is taken, as the script does; the default does not take it', async () => {
    const { lab, reach } = scene();
    await lab.dns.set(hostName, { A: [wrong4] });
    const auto = await reach.run(reach.dropIn());
    expect(auto.code, auto.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
    const run = await reach.run(icmp());
    expect(run.code, run.said).toBe(0);
    expect(await lab.wg.endpoint()).toBe(`${wrong4}:${lab.port}`);
  });

  test('none reachable is 254, no address is 255, and the endpoint is as before', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ drop: true });
    const none = await reach.run(icmp());
    expect(none.code, none.said).toBe(254);
    expect(none.stdout).toContain(`${lab.address('v6')} is not reachable\n`);
    expect(none.stdout).toContain(`${lab.address('v4')} is not reachable\n`);
    expect(none.stdout).toContain('All reachable addresses: []\n');
    const unknown = await reach.run(icmp('--host', 'nobody.example.test'));
    expect(unknown.code, unknown.said).toBe(255);
    expect(unknown.stdout).toContain('No addresses resolved for nobody.example.test.\n');
    expect(reach.sets()).toEqual([]);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
  });

  test('all addresses are tested at the same time: eight dead ones cost no more than one', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    const timeWith = async (addresses: readonly string[]) => {
      await lab.wg.setEndpoint(`${dead[0]}:${lab.port}`);
      await lab.dns.set(hostName, { A: addresses });
      const run = await reach.run(icmp());
      expect(run.code, run.said).toBe(0);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
      return run.ms;
    };
    const oneMs = await timeWith(dead.slice(0, 1).concat(lab.address('v4')));
    const eightMs = await timeWith([...dead, lab.address('v4')]);
    console.log(`one dead address ${Math.round(oneMs)} ms, eight ${Math.round(eightMs)} ms`);
    // One after the other, each dead address would cost 0.75 s at least.
    expect(eightMs - oneMs).toBeLessThan(1500);
  });

  test('an answer does not wait for an address that does not matter', async () => {
    const { lab, reach } = scene();
    await lab.dns.set(hostName, { AAAA: ['2001:db8:1::dead', lab.address('v6')], A: [...dead] });
    const run = await reach.run(icmp('--json'));
    expect(run.code, run.said).toBe(0);
    const { endpoint, candidates } = JSON.parse(run.stdout);
    expect(endpoint).toBe(lab.endpoint('v6'));
    // Silence takes 2.5 s to establish: nobody waited for it.
    const silent = candidates.filter((each: { verdict: string }) => each.verdict === 'silent');
    expect(silent).toEqual([]);
    expect(candidates).toHaveLength(dead.length + 2);
  });
});
