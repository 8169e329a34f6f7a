import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Lab, LabOptions } from '../lab/index.ts';
import { waitFor } from '../lab/index.ts';
import { hash, mac } from '../src/noise/blake2s.ts';
import { initiationFields, labels, sizes } from '../src/noise/protocol.ts';
import { publicKeyOf } from '../src/noise/x25519.ts';
import type { HandshakeKeys } from '../src/probe/handshake/keys.ts';
import { parseEndpoint } from '../src/wireguard/endpoint.ts';
import { createHandshakeScene, decoded, encoded, type HandshakeScene } from './handshake-scene.ts';
import { slowness } from './slowness.ts';

/** For what is never answered; the round trip is 20 ms. */
const silentMs = 400 * slowness;

let scene: HandshakeScene | null = null;

async function build(options: LabOptions = {}): Promise<HandshakeScene> {
  scene = await createHandshakeScene(options);
  return scene;
}

afterEach(async () => {
  await scene?.close();
  scene = null;
});

const random32 = () => Uint8Array.from(randomBytes(32));

/** A key for probes only, which the server knows as a peer without allowed IPs. */
async function dedicatedKey(lab: Lab): Promise<{ keys: () => Promise<HandshakeKeys>; publicKey: string }> {
  const privateKey = random32();
  const publicKey = encoded(publicKeyOf(privateKey));
  const { code } = await lab.server().exec(['wg', 'set', lab.server().interface, 'peer', publicKey]);
  expect(code).toBe(0);
  return {
    publicKey,
    keys: async () => ({ kind: 'ok', privateKey: Uint8Array.from(privateKey), presharedKey: null }),
  };
}

describe('a handshake probe of real WireGuard', () => {
  test('is authenticated in both families, and leaves no trace but the endpoint', async () => {
    const { lab, prober, seenByServer } = await build();
    const same = prober();
    for (const name of ['v4', 'v6']) {
      const endpoint = parseEndpoint(lab.endpoint(name));
      if (endpoint === null) throw new Error(name);
      const before = await seenByServer();
      const verdict = await same.probe(endpoint, { timeoutMs: 3_000 * slowness });
      expect(verdict).toMatchObject({ kind: 'authenticated', askedForCookie: false });
      if (verdict.kind === 'authenticated') expect(verdict.rttMs).toBeGreaterThanOrEqual(20);
      const after = await seenByServer();
      expect((after?.rxBytes ?? 0) - (before?.rxBytes ?? 0)).toBe(sizes.initiation);
      expect((after?.txBytes ?? 0) - (before?.txBytes ?? 0)).toBe(sizes.response);
      expect(after?.latestHandshake).toBe(0);
    }
  });

  test('a preshared key: the right one, a wrong one, none', async () => {
    const { secrets, probe } = await build({ presharedKey: true });
    expect(await probe()).toMatchObject({ kind: 'authenticated' });
    const { privateKey } = await secrets();
    for (const presharedKey of [random32(), null]) {
      const keys = async (): Promise<HandshakeKeys> => ({
        kind: 'ok',
        privateKey: Uint8Array.from(privateKey),
        presharedKey,
      });
      const verdict = await probe({ keys }, silentMs);
      expect(verdict).toMatchObject({ kind: 'wrong-preshared-key', theirs: 'unknown' });
    }
  });

  test('a preshared key that only our side has is named at once', async () => {
    const { secrets, probe } = await build();
    const keys = async (): Promise<HandshakeKeys> => ({
      kind: 'ok',
      ...(await secrets()),
      presharedKey: random32(),
    });
    expect(await probe({ keys })).toMatchObject({ kind: 'wrong-preshared-key', theirs: 'none' });
  });

  test('a wrong peer key and a key of ours that it does not know are silence', async () => {
    const { probe } = await build();
    expect(await probe({ peerPublicKey: publicKeyOf(random32()) }, silentMs)).toEqual({ kind: 'silent' });
    const keys = async (): Promise<HandshakeKeys> => ({
      kind: 'ok',
      privateKey: random32(),
      presharedKey: null,
    });
    expect(await probe({ keys }, silentMs)).toEqual({ kind: 'silent' });
    expect(await probe()).toMatchObject({ kind: 'authenticated' });
  });

  test('an older timestamp is not answered, a later one is', async () => {
    const { probe } = await build();
    expect(await probe()).toMatchObject({ kind: 'authenticated' });
    const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() - 5_000 };
    expect(await probe({ clock }, silentMs)).toEqual({ kind: 'silent' });
    expect(await probe({ clock, handshakeSeenMs: () => Date.now() - 1_000 })).toMatchObject({
      kind: 'clock-behind',
    });
    expect(await probe()).toMatchObject({ kind: 'authenticated' });
  });
});

describe('what the network says', () => {
  test('a closed port, a firewall that says so, one that does not, and no route', async () => {
    const { lab, endpoint, probe, prober } = await build({ wrongHosts: ['198.51.100.66'] });
    const started = performance.now();
    const endpoints = ['v4', 'v6'].map((name) => parseEndpoint(lab.endpoint(name)) ?? endpoint);
    await lab.server().stop();
    for (const each of endpoints) {
      const verdict = await prober().probe(each, { timeoutMs: 30_000 });
      expect(verdict).toEqual({ kind: 'refused', how: 'port-closed' });
    }
    expect(performance.now() - started).toBeLessThan(20_000);
    await lab.server().start();
    const chain = (verdict: string) =>
      `chain input {\n type filter hook input priority 0\n udp dport ${lab.port} ${verdict}\n}`;
    await lab.server().firewall(chain('reject with icmpx admin-prohibited'));
    for (const each of endpoints) {
      const verdict = await prober().probe(each, { timeoutMs: 30_000 });
      expect(verdict).toEqual({ kind: 'refused', how: 'prohibited' });
    }
    await lab.server().firewall(chain('drop'));
    expect(await probe({}, silentMs)).toEqual({ kind: 'silent' });
    await lab.server().firewall('');
    await lab.path.set({ drop: true });
    expect(await probe({}, silentMs)).toEqual({ kind: 'silent' });
    await lab.path.clear();
    expect(await probe()).toMatchObject({ kind: 'authenticated' });

    // Answers pings, and is no peer of ours.
    const wrong = await prober().probe({ address: '198.51.100.66', port: lab.port }, { timeoutMs: 30_000 });
    expect(wrong).toEqual({ kind: 'refused', how: 'port-closed' });
    const onTheLink = await prober().probe({ address: 'fe80::1%eth0', port: 9 }, { timeoutMs: 30_000 });
    expect(onTheLink).toEqual({ kind: 'refused', how: 'port-closed' });
    await lab.client.ip(['route add unreachable 198.51.100.0/24', 'route add blackhole 198.51.101.0/24']);
    for (const address of ['198.51.100.66', '198.51.101.1']) {
      const verdict = await prober().probe({ address, port: lab.port }, { timeoutMs: 30_000 });
      expect(verdict).toMatchObject({ kind: 'no-route' });
    }
    await lab.client.ip(['route del default']);
    expect(await probe({}, 30_000)).toMatchObject({ kind: 'no-route' });
  });

  test('a full tunnel: only with the mark or the device does a probe travel outside', async () => {
    const { lab, probe, seenByServer } = await build({ fullTunnel: true, endpoint: 'v4' });
    const mark = Number((await lab.client.exec(['wg', 'show', lab.interface, 'fwmark'])).stdout);
    expect(mark).toBeGreaterThan(0);
    const underlay = lab.client.uplink(0).address(4) ?? 'no address';
    const { keys, publicKey } = await dedicatedKey(lab);
    await lab.connect();
    const places: readonly [Partial<{ mark: number; device: string }>, string][] = [
      [{ mark }, `${underlay}:`],
      [{ device: 'eth0' }, `${underlay}:`],
      // The trap: the same peer answers, and the path outside was never tested.
      [{}, '10.77.0.2:'],
    ];
    for (const [options, from] of places) {
      expect(await probe({ ...options, keys })).toMatchObject({ kind: 'authenticated' });
      expect((await seenByServer(publicKey))?.endpoint).toContain(from);
    }
  });

  test('a full tunnel that is dead: what travels outside is answered all the same', async () => {
    const { lab, probe } = await build({ fullTunnel: true, endpoint: 'v6' });
    const mark = Number((await lab.client.exec(['wg', 'show', lab.interface, 'fwmark'])).stdout);
    await lab.path.set({ family: 6, drop: true });
    expect(await probe({}, silentMs)).toEqual({ kind: 'silent' });
    expect(await probe({ mark })).toMatchObject({ kind: 'authenticated' });
  });
});

describe('several probes with one key', () => {
  test('eight at once over paths of unequal delay are all answered', async () => {
    const { lab, prober } = await build({ delayMs: 5 });
    await lab.path.set({ family: 6, delayMs: 75 });
    const same = prober();
    const verdicts = await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const endpoint = parseEndpoint(lab.endpoint(index % 2 === 0 ? 'v6' : 'v4'));
        if (endpoint === null) throw new Error('no endpoint');
        return same.probe(endpoint, { timeoutMs: 1_000 * slowness });
      }),
    );
    expect(verdicts.map(({ kind }) => kind)).toEqual(Array(8).fill('authenticated'));
  });
});

describe('a race', () => {
  test('seven candidates that are dead cost the eighth their turns, and nothing else', async () => {
    const { lab, endpoint, prober } = await build();
    const same = prober();
    // Lost in silence, all of them.
    const dead = Array.from({ length: 7 }, (_, index) => `203.0.113.${100 + index}`);
    const stop = new AbortController();
    const started = performance.now();
    const losers = dead.map((address) =>
      same.probe({ address, port: lab.port }, { timeoutMs: 10_000, signal: stop.signal }),
    );
    const winner = await same.probe(endpoint, { timeoutMs: 10_000 });
    const tookMs = performance.now() - started;
    stop.abort();
    expect(winner.kind).toBe('authenticated');
    expect((await Promise.all(losers)).map(({ kind }) => kind)).toEqual(Array(7).fill('cancelled'));
    // Seven turns and a round trip, and what a busy machine adds.
    expect(tookMs).toBeGreaterThan(7 * 50);
    expect(tookMs).toBeLessThan(2_000 * slowness);
    console.log(`The eighth of eight candidates was authenticated after ${Math.round(tookMs)} ms.`);
  });
});

/** A message with a right mac1 and nothing right within: the cheapest thing that a peer has to work on. */
function burden(peerPublicKey: Uint8Array): Uint8Array {
  const message = Uint8Array.from(randomBytes(sizes.initiation));
  message.set([1, 0, 0, 0]);
  const covered = message.subarray(0, initiationFields.mac1);
  message.set(mac(hash(labels.mac1, peerPublicKey), covered), initiationFields.mac1);
  message.fill(0, initiationFields.mac2);
  return message;
}

/** Sends one datagram again and again, as fast as it can, for a time. */
const flooder = `
const [hex, address, port, ms] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4');
const datagram = Buffer.from(hex, 'hex');
const end = Date.now() + Number(ms);
const more = () => {
  if (Date.now() > end) return socket.close();
  for (let count = 0; count < 200; count += 1) socket.send(datagram, Number(port), address);
  setImmediate(more);
};
more();
`;

describe('a peer under load', () => {
  test('asks for its cookie, and answers who brings it', async () => {
    const { lab, endpoint, prober } = await build({ delayMs: 1 });
    const server = lab.server();
    const datagram = Buffer.from(burden(decoded(lab.peerKey()))).toString('hex');
    const floodMs = 6_000;
    const flood = server.spawn([
      process.execPath,
      '-e',
      flooder,
      datagram,
      endpoint.address,
      String(endpoint.port),
      String(floodMs),
    ]);
    const over = new Promise((resolve) => flood.once('exit', resolve));
    const same = prober();
    const kinds: string[] = [];
    await waitFor(
      'a probe is asked for a cookie and authenticated',
      async () => {
        const verdict = await same.probe(endpoint, { timeoutMs: 500 });
        kinds.push(verdict.kind);
        return verdict.kind === 'authenticated' && verdict.askedForCookie;
      },
      floodMs + 2_000,
    ).catch((error: unknown) => {
      throw new Error(`${error}: ${kinds.join(', ')}`);
    });
    flood.kill();
    await over;
  });
});

describe('on a live tunnel', () => {
  test('with the own key the peer roams to the probe, and one packet of the interface brings it back', async () => {
    const { lab, probe, seenByServer } = await build({ endpoint: 'v4' });
    await lab.connect();
    const real = (await seenByServer())?.endpoint ?? '';
    const handshake = await lab.wg.latestHandshake();
    expect(real).toContain(lab.client.uplink(0).address(4) ?? 'no address');
    expect(await probe()).toMatchObject({ kind: 'authenticated' });
    expect((await seenByServer())?.endpoint).not.toBe(real);
    // Nothing that the server sends of itself arrives now.
    const back = await lab.server().exec(['ping', '-n', '-c', '2', '-i', '0.2', '-W', '1', '10.77.0.2']);
    expect(back.stdout).toContain(' 0 received');
    expect(await lab.innerPing()).not.toBeNull();
    expect((await seenByServer())?.endpoint).toBe(real);
    const again = await lab.server().exec(['ping', '-n', '-c', '2', '-i', '0.2', '-W', '2', '10.77.0.2']);
    expect(again.stdout).toContain(' 2 received');
    // The session is the one from before.
    expect(await lab.wg.latestHandshake()).toBe(handshake);
  });

  test('with a key of its own: nothing is lost, and nothing of the live peer is touched', async () => {
    const { lab, endpoint, prober, seenByServer } = await build({ presharedKey: true, endpoint: 'v4' });
    const { keys, publicKey } = await dedicatedKey(lab);
    const dedicated = prober({ keys });
    await lab.connect();
    const before = await seenByServer();
    const pings = ['ping', '-n', '-c', '100', '-i', '0.02', '-W', '10'];
    const both = Promise.all([
      lab.client.exec([...pings, lab.innerAddress()], { timeoutMs: 60_000 }),
      lab.server().exec([...pings, '10.77.0.2'], { timeoutMs: 60_000 }),
    ]);
    const probes = 10;
    for (let count = 0; count < probes; count += 1) {
      expect((await dedicated.probe(endpoint, { timeoutMs: 3_000 * slowness })).kind).toBe('authenticated');
      await sleep(100);
    }
    for (const { stdout } of await both) expect(stdout).toContain(' 100 received, 0% packet loss');
    const after = await seenByServer();
    expect(after).toMatchObject({ endpoint: before?.endpoint, latestHandshake: before?.latestHandshake });
    expect(await seenByServer(publicKey)).toMatchObject({
      latestHandshake: 0,
      rxBytes: probes * sizes.initiation,
      txBytes: probes * sizes.response,
    });
  });
});
