import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/index.ts';
import { createLab, describeMissing, findMissing } from '../lab/index.ts';
import { answers, hostName, lookUp, median, ping, wrong4, wrong6 } from './lab-look.ts';

describe('one lab', () => {
  let lab: Lab;
  let v4: string;
  let v6: string;

  beforeAll(async () => {
    lab = await createLab({ delayMs: 0, wrongHosts: [wrong4, wrong6] });
    v4 = lab.address('v4');
    v6 = lab.address('v6');
    await lab.connect();
  });
  afterEach(async () => {
    await lab.path.clear();
    await lab.path.setDefault({ delayMs: 0 });
  });
  afterAll(() => lab.close());

  test('the tunnel works, over the endpoint that wg names', async () => {
    expect(await lab.innerPing()).not.toBeNull();
    expect((await ping(lab.client, lab.innerAddress(0, 6))).answered).toEqual([1]);
    expect(await lab.wg.endpoint()).toBe(`[${v6}]:${lab.port}`);
    expect(await lab.wg.latestHandshake()).toBeGreaterThan(0);
    const { rxBytes, txBytes } = await lab.wg.transfer();
    expect(Math.min(rxBytes, txBytes)).toBeGreaterThan(0);
    const { stdout } = await lab.client.exec(['wg', 'show', lab.interface, 'peers']);
    expect(stdout.trim()).toBe(lab.peerKey());
  });

  test('delay is what was asked for, in both families and through the tunnel', async () => {
    const delayMs = 50;
    const pingAll = async () =>
      Promise.all(
        [v4, v6, lab.innerAddress()].map(async (address) =>
          median((await ping(lab.client, address, 9)).rttsMs),
        ),
      );
    const before = await pingAll();
    await lab.path.setDefault({ delayMs });
    const after = await pingAll();
    after.forEach((rttMs, index) => {
      const addedMs = rttMs - (before[index] ?? Number.NaN);
      expect(addedMs).toBeGreaterThan(2 * delayMs * 0.95);
      expect(addedMs).toBeLessThan(2 * delayMs * 1.2);
    });
  });

  test('the first rule that matches decides; jitter spreads evenly around the delay', async () => {
    const [delayMs, jitterMs] = [60, 40];
    await lab.path.set({ address: v4, direction: 'up', delayMs, jitterMs }, { family: 4, drop: true });
    const { rttsMs } = await ping(lab.client, v4, 60);
    // The way back matches the second rule only by family, so the first must not have swallowed the direction.
    expect(rttsMs).toEqual([]);
    await lab.path.set({ address: v4, direction: 'up', delayMs, jitterMs });
    const jittered = await ping(lab.client, v4, 80);
    expect(jittered.rttsMs).toHaveLength(80);
    expect(Math.min(...jittered.rttsMs)).toBeGreaterThanOrEqual(delayMs - jitterMs - 1);
    expect(Math.min(...jittered.rttsMs)).toBeLessThan(delayMs - jitterMs / 2);
    expect(Math.max(...jittered.rttsMs)).toBeGreaterThan(delayMs + jitterMs / 2);
    expect(median(jittered.rttsMs)).toBeGreaterThan(delayMs - jitterMs / 2);
    expect(median(jittered.rttsMs)).toBeLessThan(delayMs + jitterMs / 2);
  });

  test('a black hole takes one family in silence and leaves the other', async () => {
    await lab.path.set({ family: 6, drop: true });
    const broken = await ping(lab.client, v6);
    expect(broken.answered).toEqual([]);
    expect(broken.output).not.toMatch(/unreachable|prohibited/i);
    expect(await answers(lab.client, v4)).toBe(true);
    expect(await lab.innerPing()).toBeNull();
    await lab.wg.setEndpoint(lab.endpoint('v4'));
    expect(await lab.innerPing()).not.toBeNull();
    await lab.path.clear();
    expect(await answers(lab.client, v6)).toBe(true);
    await lab.wg.setEndpoint(lab.endpoint('v6'));
    await lab.connect();
  });

  test('a black hole takes one direction', async () => {
    for (const direction of ['up', 'down'] as const) {
      await lab.path.set({ address: v4, direction, drop: true });
      const before = await lab.path.counts();
      expect(await answers(lab.client, v4)).toBe(false);
      const after = await lab.path.counts();
      expect(after.up - before.up).toBe(1);
      // Only a request that arrives is answered.
      expect(after.down - before.down).toBe(direction === 'down' ? 1 : 0);
      expect(after.dropped - before.dropped).toBe(1);
    }
  });

  test('a black hole takes one address or network, at either end', async () => {
    await lab.path.set({ address: v4, drop: true });
    expect(await answers(lab.client, v4)).toBe(false);
    expect(await answers(lab.client, wrong4)).toBe(true);
    await lab.path.set({ address: '2001:db8:60::/43', drop: true });
    expect(await answers(lab.client, wrong6)).toBe(false);
    expect(await answers(lab.client, v6)).toBe(true);
    await lab.path.set({ address: lab.client.uplink().address(6) ?? '', drop: true });
    expect(await answers(lab.client, v6)).toBe(false);
    expect(await answers(lab.client, v4)).toBe(true);
  });

  test('a black hole takes one protocol or port', async () => {
    await lab.path.set({ protocol: 'icmp', drop: true });
    expect(await answers(lab.client, v4)).toBe(false);
    expect(await answers(lab.client, v6)).toBe(false);
    expect(await lab.innerPing()).not.toBeNull();
    await lab.path.set({ protocol: 'udp', port: lab.port, drop: true });
    expect(await answers(lab.client, v6)).toBe(true);
    expect(await lab.innerPing()).toBeNull();
    await lab.path.set({ protocol: 'udp', port: lab.port + 1, drop: true });
    expect(await lab.innerPing()).not.toBeNull();
  });

  test('a path with a smaller MTU loses large packets only', async () => {
    await lab.path.set({ family: 4, largerThanBytes: 1300, drop: true });
    const sized = async (bytes: number) =>
      (await lab.client.exec(['ping', '-c1', '-W1', '-s', String(bytes), v4])).code;
    expect(await sized(1300 - 28)).toBe(0);
    expect(await sized(1300 - 27)).not.toBe(0);
  });

  test('an added rule goes first and can be taken away alone', async () => {
    await lab.path.set({ address: v4, drop: true });
    const restore = await lab.path.add({ address: v4, delayMs: 1 });
    expect(await answers(lab.client, v4)).toBe(true);
    await restore();
    expect(await answers(lab.client, v4)).toBe(false);
    await expect(lab.path.add({ address: 'nonsense', drop: true })).rejects.toThrow('nonsense');
  });

  test('DNS records change while the server runs', async () => {
    await lab.dns.set(hostName, { A: [v4], AAAA: [v6] });
    expect((await lookUp(lab, hostName)).found).toEqual(new Set([v4, v6]));
    await lab.dns.set(hostName, { A: [wrong4, v4] });
    expect((await lookUp(lab, hostName)).found).toEqual(new Set([wrong4, v4]));
    await lab.dns.remove(hostName);
    expect(await lookUp(lab, hostName)).toMatchObject({ found: new Set(), code: 2 });
  });

  test('the DNS server can be slow, silent and gone', async () => {
    await lab.dns.set(hostName, { A: [v4], AAAA: [v6] });
    await lab.dns.delay(300);
    expect((await lookUp(lab, hostName)).ms).toBeGreaterThan(300);
    await lab.dns.silence();
    const silent = await lab.client.exec(['getent', 'ahosts', hostName], { timeoutMs: 2000 });
    expect(silent).toMatchObject({ stdout: '', timedOut: true });
    await lab.dns.delay(0);
    await lab.dns.stop();
    expect((await lookUp(lab, hostName)).found).toEqual(new Set());
    await lab.dns.start();
    expect((await lookUp(lab, hostName)).found).toEqual(new Set([v4, v6]));
  });

  test('a wrong host answers pings in both families, but not WireGuard; what nobody has is silence', async () => {
    expect(await answers(lab.client, wrong4)).toBe(true);
    expect(await answers(lab.client, wrong6)).toBe(true);
    expect(await answers(lab.world, v4)).toBe(true);
    await lab.wg.setEndpoint(`${wrong4}:${lab.port}`);
    expect(await lab.innerPing()).toBeNull();
    await lab.wg.setEndpoint(lab.endpoint('v6'));
    await lab.connect();
    const nobody = await ping(lab.client, '198.51.100.99');
    expect(nobody.answered).toEqual([]);
    expect(nobody.output).not.toMatch(/unreachable/i);
  });

  test('the server can drop or lose what comes through the tunnel while WireGuard lives', async () => {
    await lab.server().dropInner('icmp');
    expect(await lab.innerPing()).toBeNull();
    await lab.server().dropOuterEcho();
    expect(await answers(lab.client, v6)).toBe(false);
    await lab.server().allowInner();
    expect(await lab.innerPing()).not.toBeNull();
    await lab.server().allowOuterEcho();
    expect(await answers(lab.client, v6)).toBe(true);
    await lab.server().removeInnerAddress();
    expect(await lab.innerPing()).toBeNull();
    expect(await answers(lab.client, lab.innerAddress(0, 6))).toBe(true);
    await lab.server().addInnerAddress(lab.innerAddress());
    expect(await lab.innerPing()).not.toBeNull();
  });

  test('the server moves to another address', async () => {
    const moved = '203.0.113.77';
    await lab.server().addAddress(moved);
    await lab.server().removeAddress(v4);
    const gone = await ping(lab.client, v4);
    expect(gone.answered).toEqual([]);
    expect(gone.output).not.toMatch(/unreachable/i);
    await lab.wg.setEndpoint(`${moved}:${lab.port}`);
    expect(await lab.innerPing()).not.toBeNull();
    await lab.server().addAddress(v4);
    await lab.server().removeAddress(moved);
    await lab.wg.setEndpoint(lab.endpoint('v6'));
    await lab.connect();
  });

  test('both ends can be made anew', async () => {
    await lab.server().restart();
    expect(await lab.innerPing()).toBeNull();
    await lab.wg.recreate();
    expect(await lab.wg.latestHandshake()).toBe(0);
    await lab.connect();
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v6'));
  });

  test('the client sees its own configuration', async () => {
    const path = lab.writeConfig({ endpointName: hostName, allowedIps: ['10.77.0.1/24'] });
    const inside = await lab.client.exec(['cat', `/etc/wireguard/${lab.interface}.conf`]);
    expect(inside.stdout).toBe(readFileSync(path, 'utf8'));
    expect(inside.stdout).toContain(`Endpoint = ${hostName}:${lab.port}\n`);
    expect(inside.stdout).toContain('AllowedIPs = 10.77.0.1/24\n');
    expect(inside.stdout).toContain(`PublicKey = ${lab.peerKey()}\n`);
    const key = await lab.client.exec(['wg', 'show', lab.interface, 'private-key']);
    expect(inside.stdout).toContain(`PrivateKey = ${key.stdout.trim()}\n`);
  });

  test('a command that hangs, fails or does not exist is a result', async () => {
    expect(await lab.client.exec(['sleep', '60'], { timeoutMs: 300 })).toMatchObject({
      code: null,
      timedOut: true,
    });
    expect(await lab.client.exec(['cat'], { input: 'text' })).toMatchObject({ code: 0, stdout: 'text' });
    const absent = await lab.client.exec(['no-such-program']);
    expect(absent.code).not.toBe(0);
    expect(absent.stderr).toContain('no-such-program');
  });
});

describe('what a lab needs', () => {
  test('this machine has it; an empty one is told the packages', async () => {
    expect(await describeMissing()).toBeNull();
    const { programs } = await findMissing('/var/empty');
    expect(programs.map((each) => each.program)).toEqual(
      expect.arrayContaining(['ip', 'wg', 'dnsmasq', 'nft', 'ping']),
    );
    const text = await describeMissing('/var/empty');
    for (const name of ['iproute2', 'wireguard-tools', 'dnsmasq-base', 'nftables', 'iputils-ping']) {
      expect(text).toContain(name);
    }
    expect(text).toContain('--no-install-recommends');
  });
});
