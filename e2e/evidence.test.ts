import { describe, expect, test } from 'vitest';
import { waitFor } from '../lab/index.ts';
import { watchEndpoint } from './endpoint-watch.ts';
import type { Scene } from './scene.ts';
import { withScene } from './scene.ts';
import type { Run } from './wg-reach.ts';
import { hostName } from './wg-reach.ts';

/** Both inner addresses of the first server; without them nothing behind the tunnel answers. */
const innerTargets = ['10.77.0.1', 'fd77::1'];

async function ipv6BlackHoled({ lab }: Scene): Promise<void> {
  await lab.path.set({ family: 6, drop: true });
}

/** Runs the drop-in form and expects that it proves the tunnel and that nobody ever moves it. */
async function expectUntouched(scene: Scene, args: readonly string[] = []): Promise<Run> {
  const { lab, reach } = scene;
  const before = await lab.wg.endpoint();
  const watch = watchEndpoint(lab);
  const run = await reach.run([...reach.dropIn(), ...args]);
  const { seen, looks } = await watch.stop();
  expect(run.code, run.said).toBe(0);
  expect(seen).toEqual([before]);
  expect(looks).toBeGreaterThan(2);
  // Setting the same endpoint again is free and sometimes a cure; another one would be a move.
  expect(reach.sets().filter((endpoint) => endpoint !== before)).toEqual([]);
  return run;
}

/** Runs the drop-in form and expects that it ends on the endpoint of that name, and that this one works. */
async function expectMovedTo(scene: Scene, endpoint: string): Promise<Run> {
  const { lab, reach } = scene;
  const run = await reach.run(reach.dropIn());
  expect(run.code, run.said).toBe(0);
  expect(await lab.wg.endpoint(), run.said).toBe(endpoint);
  return run;
}

// Side by side: most of their time is WireGuard's 10 s. Each has a lab of its own.
describe.concurrent('what proves a tunnel, and what does not', () => {
  const ownInner = {
    inner: { client: ['10.77.0.2/32'], server: ['10.77.0.1'] },
    allowedIps: ['10.77.0.2/32', '10.77.0.1/32'],
  };

  test(
    'our own inner address inside the peer’s AllowedIPs is no proof: a dead tunnel is moved',
    withScene(ownInner, async (scene) => {
      await scene.lab.connect();
      await ipv6BlackHoled(scene);
      const own = await scene.lab.client.exec(['ping', '-c1', '-W1', '-I', scene.lab.interface, '10.77.0.2']);
      expect(own.code, own.stdout).toBe(0);
      await expectMovedTo(scene, scene.lab.endpoint('v4'));
      expect(await scene.lab.innerPing()).not.toBeNull();
    }),
  );

  test(
    'with no inner address but our own there is no proof, and nothing is moved',
    withScene({ ...ownInner, allowedIps: ['10.77.0.2/32'], persistentKeepaliveS: 25 }, async (scene) => {
      // The keepalive alone makes the session: no packet of ours can be sent to the peer.
      await waitFor('the handshake', async () => (await scene.lab.wg.latestHandshake()) > 0);
      const run = await expectUntouched(scene, ['--json']);
      expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'undecided', proof: null });
    }),
  );

  test(
    'the inner echo target gone while the tunnel lives: nothing is moved',
    withScene({}, async (scene) => {
      await scene.lab.connect();
      for (const address of innerTargets) await scene.lab.server().removeInnerAddress(address);
      const run = await expectUntouched(scene, ['--json']);
      expect(JSON.parse(run.stdout).proof.kind).toBe('counters');
    }),
  );

  test(
    'one of two inner echo targets gone: the other proves it at once',
    withScene({}, async (scene) => {
      await scene.lab.connect();
      await scene.lab.server().removeInnerAddress();
      const run = await expectUntouched(scene, ['--json']);
      expect(JSON.parse(run.stdout).proof.kind).toBe('echo');
    }),
  );

  test(
    'the peer’s inner firewall drops everything: a living tunnel is not moved',
    withScene({}, async (scene) => {
      await scene.lab.connect();
      await scene.lab.server().dropInner('all');
      const run = await expectUntouched(scene, ['--json']);
      expect(JSON.parse(run.stdout).proof.kind).toBe('counters');
    }),
  );

  test(
    'the peer’s inner firewall drops everything: a dead tunnel is moved to what works',
    withScene({}, async (scene) => {
      const { lab } = scene;
      await lab.connect();
      await lab.server().dropInner('all');
      await ipv6BlackHoled(scene);
      await expectMovedTo(scene, lab.endpoint('v4'));
      await lab.server().allowInner();
      expect(await lab.innerPing()).not.toBeNull();
    }),
  );

  test(
    'the server drops all pings from outside: a living tunnel is not moved',
    withScene({}, async (scene) => {
      await scene.lab.connect();
      await scene.lab.server().dropOuterEcho();
      await expectUntouched(scene);
    }),
  );

  test(
    'the server drops all pings from outside and the endpoint is dead: the other is found',
    withScene({}, async (scene) => {
      const { lab } = scene;
      await lab.connect();
      await lab.server().dropOuterEcho();
      await ipv6BlackHoled(scene);
      const run = await expectMovedTo(scene, lab.endpoint('v4'));
      expect(run.stdout).toContain('All reachable addresses: []\n');
      expect(await lab.innerPing()).not.toBeNull();
    }),
  );

  test(
    'only the file names the inner address that answers; wg has masked it away',
    withScene({ inner: { server: ['10.77.0.9'] }, allowedIps: ['10.77.0.9/24'] }, async (scene) => {
      const { lab } = scene;
      lab.writeConfig({ endpointName: hostName, allowedIps: ['10.77.0.9/24'] });
      await lab.connect();
      const run = await expectUntouched(scene, ['--json']);
      expect(JSON.parse(run.stdout).proof.kind).toBe('echo');
    }),
  );

  test(
    'an address that is routed into the tunnel itself is never tried',
    withScene({ allowedIps: ['10.77.0.1/32', '203.0.113.200/32'] }, async (scene) => {
      const { lab, reach } = scene;
      await lab.connect();
      await lab.dns.set(hostName, {
        A: ['203.0.113.200', lab.address('v4')],
        AAAA: [lab.address('v6')],
      });
      await ipv6BlackHoled(scene);
      const run = await expectMovedTo(scene, lab.endpoint('v4'));
      expect(run.stdout).toContain('203.0.113.200 is not reachable (its route leads into');
      expect(reach.sets()).not.toContain(`203.0.113.200:${lab.port}`);
    }),
  );
});

const wrong4 = '198.51.100.66';
const wrong6 = '2001:db8:66::66';

describe.concurrent('a wrong host that answers ping', () => {
  test(
    'listed first and the only one of IPv6: it is tried and not kept',
    withScene({ wrongHosts: [wrong4, wrong6] }, async (scene) => {
      const { lab } = scene;
      await lab.connect();
      await lab.dns.set(hostName, { AAAA: [wrong6], A: [wrong4, lab.address('v4')] });
      await ipv6GoesDown(scene);
      await expectMovedTo(scene, lab.endpoint('v4'));
      expect(await lab.innerPing()).not.toBeNull();
    }),
  );

  test(
    'it is the endpoint now set, with a session from before',
    withScene({ wrongHosts: [wrong4, wrong6] }, async (scene) => {
      const { lab } = scene;
      await lab.connect();
      await lab.dns.set(hostName, { AAAA: [wrong6], A: [lab.address('v4')] });
      await lab.wg.setEndpoint(`[${wrong6}]:${lab.port}`);
      await expectMovedTo(scene, lab.endpoint('v4'));
      expect(await lab.innerPing()).not.toBeNull();
    }),
  );

  test(
    'it is the endpoint now set, and there never was a session',
    withScene({ wrongHosts: [wrong6], endpoint: wrong6 }, async (scene) => {
      const { lab } = scene;
      await lab.dns.set(hostName, { AAAA: [wrong6, lab.address('v6')], A: [lab.address('v4')] });
      const run = await scene.reach.run(scene.reach.dropIn());
      expect(run.code, run.said).toBe(0);
      expect([lab.endpoint('v4'), lab.endpoint('v6')]).toContain(await lab.wg.endpoint());
      expect(await lab.innerPing()).not.toBeNull();
    }),
  );

  test(
    'there are only wrong hosts: 254, and the endpoint is as before',
    withScene({ wrongHosts: [wrong4, wrong6] }, async (scene) => {
      const { lab, reach } = scene;
      await lab.dns.set(hostName, { AAAA: [wrong6], A: [wrong4] });
      await lab.path.set({ address: lab.address('v6'), drop: true });
      const run = await reach.run(reach.dropIn());
      expect(run.code, run.said).toBe(254);
      expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
      expect(reach.sets()).toContain(`[${wrong6}]:${lab.port}`);
      expect(reach.sets().at(-1)).toBe(lab.endpoint('v6'));
    }),
  );

  async function ipv6GoesDown({ lab }: Scene): Promise<void> {
    await lab.path.set({ address: lab.address('v6'), drop: true });
  }
});
