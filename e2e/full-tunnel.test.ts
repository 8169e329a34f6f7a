import { beforeEach, describe, expect, test } from 'vitest';
import { watchEndpoint } from './endpoint-watch.ts';
import { useScene } from './scene.ts';

// With a dead tunnel an unmarked probe is lost inside it, so none of the moves below would happen.
describe('a full tunnel with fwmark and the rules of wg-quick', () => {
  const scene = useScene({ fullTunnel: true });

  beforeEach(() => scene().reset());

  test('unmarked packets to the server do travel inside, so that this tests something', async () => {
    const { lab } = scene();
    const ask = (...more: string[]) => lab.client.exec(['ip', 'route', 'get', lab.address('v4'), ...more]);
    expect((await ask()).stdout).toContain(`dev ${lab.interface}`);
    expect((await ask('mark', '51820')).stdout).toContain('dev eth0');
  });

  test.each(['auto', 'icmp'])('healthy: nothing changes, --probe %s', async (mode) => {
    const { lab, reach } = scene();
    const watch = watchEndpoint(lab);
    const run = await reach.run([...reach.dropIn(), '--probe', mode]);
    expect(run.code, run.said).toBe(0);
    expect((await watch.stop()).seen).toEqual([lab.endpoint('v6')]);
    expect(reach.sets()).toEqual([]);
    expect(run.stdout).toContain(`${lab.address('v6')} is reachable\n`);
  });

  test.each([
    ['auto', {}],
    ['icmp', {}],
    ['auto', { WG_REACH_NO_NATIVE: '1' }],
    ['icmp', { WG_REACH_NO_NATIVE: '1' }],
  ])('IPv6 black-holed: IPv4, --probe %s, %o', async (mode, env) => {
    const { lab, reach } = scene();
    await lab.path.set({ family: 6, drop: true });
    expect(await lab.innerPing(0, 300)).toBeNull();
    const run = await reach.run([...reach.dropIn(), '--probe', mode], { env });
    expect(run.code, run.said).toBe(0);
    expect(run.stdout).toContain(`All reachable addresses: ['${lab.address('v4')}']\n`);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
    expect(await lab.innerPing()).not.toBeNull();
  });

  test('dead everywhere: 254, as before, and no candidate is taken for one inside the tunnel', async () => {
    const { lab, reach } = scene();
    await lab.path.set({ drop: true });
    const run = await reach.run([...reach.dropIn(), '--probe', 'icmp']);
    expect(run.code, run.said).toBe(254);
    expect(run.stdout).not.toContain('its route leads into');
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
  });
});
