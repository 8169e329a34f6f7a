import { describe, expect, test } from 'vitest';
import { watchEndpoint } from './endpoint-watch.ts';
import type { Scene } from './scene.ts';
import { withScene } from './scene.ts';
import { hostName } from './wg-reach.ts';

/** Runs the drop-in form on a tunnel that is dead now, and expects it to be alive afterwards. */
async function expectCure({ lab, reach }: Scene) {
  expect(await lab.innerPing()).toBeNull();
  const run = await reach.run(reach.dropIn());
  console.log(`cured in ${Math.round(run.ms)} ms`);
  expect(run.code, run.said).toBe(0);
  expect(await lab.innerPing(), run.said).not.toBeNull();
  return run;
}

describe.concurrent('a session that broke', () => {
  test.each([4, 6] as const)(
    'a local IPv%i address replaced under a live tunnel: the same endpoint is set again, no other',
    async (family) => {
      await withScene({ endpoint: `v${family}` }, async (scene) => {
        const { lab, reach } = scene;
        const endpoint = lab.endpoint(`v${family}`);
        const address = lab.address(`v${family}`);
        await lab.dns.set(hostName, family === 4 ? { A: [address] } : { AAAA: [address] });
        await lab.connect();
        const replacement = family === 4 ? '192.0.2.99' : '2001:db8:c0::99';
        await lab.client.uplink().replaceAddress(family, replacement);
        const stale = (await lab.innerPing()) === null;
        // Only this one is known to keep a source address that is gone; the others have nothing to be cured of.
        if (lab.implementation === 'wireguard-go' && family === 4) expect(stale).toBe(true);
        const watch = watchEndpoint(lab);
        const run = await reach.run(reach.dropIn());
        expect(run.code, run.said).toBe(0);
        expect((await watch.stop()).seen).toEqual([endpoint]);
        expect(reach.sets()).toEqual(stale ? [endpoint] : []);
        // Not by a search, which comes after the 10 s that the peer has for an answer.
        expect(run.ms).toBeLessThan(8000);
        expect(await lab.innerPing()).not.toBeNull();
        const server = lab.server();
        const heard = await server.exec(['wg', 'show', server.interface, 'endpoints']);
        expect(heard.stdout).toContain(replacement);
        if (stale) console.log(`stale source cured in ${Math.round(run.ms)} ms`);
      })();
    },
  );

  test(
    'the server was restarted at the same address',
    withScene({}, async (scene) => {
      const { lab } = scene;
      await lab.connect();
      await lab.server().restart();
      await expectCure(scene);
      expect([lab.endpoint('v6'), lab.endpoint('v4')]).toContain(await lab.wg.endpoint());
    }),
  );

  test(
    'the server was restarted at another address',
    withScene({ presharedKey: true }, async (scene) => {
      const { lab } = scene;
      const moved = '203.0.113.88';
      await lab.connect();
      await lab.server().restart();
      await lab.server().addAddress(moved);
      await lab.server().removeAddress(lab.address('v4'));
      await lab.server().removeAddress(lab.address('v6'));
      await lab.dns.set(hostName, { A: [moved] });
      await expectCure(scene);
      expect(await lab.wg.endpoint()).toBe(`${moved}:${lab.port}`);
    }),
  );

  test(
    'the server is gone for good and another machine with its key took over at the other address',
    withScene(
      {
        servers: [
          { name: 'v6', address: '2001:db8:1::1', host: 'old' },
          { name: 'v4', address: '203.0.113.1', host: 'new' },
        ],
      },
      async (scene) => {
        const { lab } = scene;
        await lab.connect();
        await lab.server('old').stop();
        await expectCure(scene);
        expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
      },
    ),
  );

  test(
    'a roamed endpoint that nobody listed is left alone while it works',
    withScene({}, async ({ lab, reach }) => {
      const unlisted = '203.0.113.50';
      await lab.server().addAddress(unlisted);
      await lab.wg.setEndpoint(`${unlisted}:${lab.port}`);
      await lab.connect();
      const watch = watchEndpoint(lab);
      for (const args of [reach.dropIn(), [...reach.dropIn(), '--dryrun']]) {
        const run = await reach.run(args);
        expect(run.code, run.said).toBe(0);
        expect(run.stdout).toContain(`Nothing to do: endpoint is already ${unlisted}:${lab.port}\n`);
      }
      expect((await watch.stop()).seen).toEqual([`${unlisted}:${lab.port}`]);
      expect(reach.sets()).toEqual([]);
    }),
  );
});
