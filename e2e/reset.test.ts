import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/index.ts';
import { createLab, waitFor } from '../lab/index.ts';
import { createResetProgram, type ResetProgram } from './reset-program.ts';
import { slowness } from './slowness.ts';

/** One line of `wg show … dump`, secrets included, but for the endpoint and what counts up. */
interface Peer {
  readonly presharedKey: string;
  readonly endpoint: string;
  readonly allowedIps: readonly string[];
  readonly keepalive: string;
}

let lab: Lab;
let program: ResetProgram;
let original: ReadonlyMap<string, Peer>;

async function peers(): Promise<Map<string, Peer>> {
  const { stdout } = await lab.client.exec(['wg', 'show', lab.interface, 'dump']);
  const lines = stdout.trim().split('\n').slice(1);
  return new Map(
    lines.map((line) => {
      const [key = '', presharedKey = '', endpoint = '', ips = '', , , , keepalive = ''] = line.split('\t');
      return [key, { presharedKey, endpoint, allowedIps: ips.split(',').sort(), keepalive }];
    }),
  );
}

async function expectWhole(): Promise<void> {
  const now = await peers();
  expect([...now.keys()].sort()).toEqual([...original.keys()].sort());
  for (const [key, { endpoint, ...kept }] of original) {
    expect(now.get(key)).toMatchObject(kept);
    if (key !== lab.peerKey()) expect(now.get(key)?.endpoint).toBe(endpoint);
  }
  expect(now.get(lab.peerKey())?.endpoint).not.toBe('(none)');
}

const wg = (...args: string[]) => lab.client.exec(['wg', ...args]);

async function open(): Promise<void> {
  // The default endpoint is IPv6; the resets go to IPv4.
  lab = await createLab({ peers: 2, presharedKey: true, persistentKeepaliveS: 25 });
  program = await createResetProgram(lab);
  original = await peers();
}

describe('session reset', () => {
  beforeAll(open);
  afterAll(() => lab.close());
  beforeEach(() => rmSync(program.journalDirectory, { recursive: true, force: true }));

  it('the server’s WireGuard was restarted: the tunnel answers right after the reset, preshared key and all', async () => {
    const times: { resetMs: number; pingMs: number | null }[] = [];
    for (let round = 0; round < (slowness > 1 ? 2 : 5); round += 1) {
      const endpoint = lab.endpoint(round % 2 === 0 ? 'v4' : 'v6');
      await lab.connect();
      await lab.server().restart();
      expect(await lab.innerPing()).toBeNull();
      const life = await program.reset({ endpoint });
      expect(life.result).toMatchObject({ kind: 'reset', putBack: false });
      const pingMs = await lab.innerPing(0, 4_000);
      times.push({ resetMs: Math.round(life.ms), pingMs });
      // WireGuard alone takes 15 s. A handshake and an echo are two round trips of 20 ms.
      expect(pingMs, life.said).not.toBeNull();
      expect(pingMs).toBeLessThan(400 * slowness);
      expect(await lab.wg.endpoint()).toBe(endpoint);
      await expectWhole();
      expect(program.journalFiles()).toEqual([]);
    }
    console.log(`reset, then the first answer: ${JSON.stringify(times)}`);
  });

  it('killed at any step, before and after it: the next start puts everything right', async () => {
    const { steps } = await program.reset();
    expect(steps).toEqual(expect.arrayContaining(['journal.write', 'writePeer', 'journal.remove']));
    let recovered = 0;
    for (const step of steps.keys()) {
      for (const when of ['before', 'after'] as const) {
        // A kernel-side write is over when `wg` ends, so the steps in between are those that matter.
        const life = await program.reset({ stop: { step, when } });
        expect(life.result).toBeNull();
        const [recovery] = (await program.recover()).result ?? [];
        if (recovery !== undefined) recovered += 1;
        expect(['complete', 'restored', undefined]).toContain(recovery?.kind);
        await expectWhole();
        expect(program.journalFiles()).toEqual([]);
      }
    }
    expect(recovered).toBeGreaterThan(5);
    await lab.connect();
  });

  const cutShort = '$WG set "$2" peer "$4" remove;';

  it('killed while `wg` has removed the peer and not added it: it is put back, and works', async () => {
    const life = await program.reset({ atSet: `${cutShort} kill -9 $PPID; exit 1` });
    expect(life.result).toBeNull();
    expect((await peers()).has(lab.peerKey())).toBe(false);
    expect(program.journalFiles()).toHaveLength(1);
    expect((await program.reset()).result).toMatchObject({ kind: 'refused', reason: 'unsettled' });
    expect((await program.recover()).result).toMatchObject([{ kind: 'restored' }]);
    await expectWhole();
    await lab.connect();
  });

  it('killed with half of the peer written: the rest is added', async () => {
    const ips = [...(original.get(lab.peerKey())?.allowedIps ?? [])];
    expect(ips.length).toBeGreaterThan(1);
    const half = `${cutShort} $WG set "$2" peer "$4" allowed-ips ${ips[0]}; kill -9 $PPID; exit 1`;
    await program.reset({ atSet: half });
    expect((await program.recover()).result).toMatchObject([{ kind: 'restored' }]);
    await expectWhole();
    await lab.connect();
  });

  it.each([
    ['fails', 'exit 1'],
    ['hangs', 'exec sleep 60'],
    ['is killed', 'kill -9 $$'],
  ])('`wg` %s between removing and adding: the peer is put back at once', async (_how, end) => {
    // The second write, which puts it back, goes through.
    const atSet = `case "$*" in *" remove "*) ${cutShort} ${end};; esac`;
    const life = await program.reset({ atSet, timeoutMs: 2_500 * slowness });
    expect(life.result, life.said).toMatchObject({ kind: 'reset', putBack: true });
    await expectWhole();
    expect(program.journalFiles()).toEqual([]);
    await lab.connect();
  });

  it.each([
    ['fails', 'exit 1'],
    ['hangs', 'exec sleep 60'],
  ])('`wg` %s before it did anything: the session lives on', async (_how, end) => {
    await lab.connect();
    const before = await lab.wg.latestHandshake();
    expect(before).toBeGreaterThan(0);
    const life = await program.reset({ atSet: end, timeoutMs: 2_500 * slowness });
    expect(life.result, life.said).toMatchObject({ kind: 'failed', peer: 'intact' });
    expect(await lab.wg.latestHandshake()).toBe(before);
    expect(program.journalFiles()).toEqual([]);
  });

  it('what serves the interface hangs during the write: the journal stays until the peer is known to be whole', async (context) => {
    if (lab.implementation === 'kernel')
      return context.skip('the kernel itself serves the interface, and cannot be stopped');
    const found = await lab.client.exec(['pgrep', '-f', `wireguard-go --foreground ${lab.interface}$`]);
    const pid = Number(found.stdout.trim().split('\n')[0]);
    expect(pid).toBeGreaterThan(1);
    try {
      const life = await program.reset({ atSet: `kill -STOP ${pid}`, timeoutMs: 2_000 });
      expect(life.result).toMatchObject({ kind: 'failed', peer: 'unsettled' });
      expect(program.journalFiles()).toHaveLength(1);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const recovered = (await program.recover()).result?.[0]?.kind ?? '';
    expect(['complete', 'restored']).toContain(recovered);
    await expectWhole();
    expect(program.journalFiles()).toEqual([]);
    await lab.connect();
  });

  it('no secret in arguments, environments, output, or a file that others can read; with and without the native library', async () => {
    const secrets = [...original.values()].map(({ presharedKey }) => presharedKey);
    expect(secrets[0]).toMatch(/=$/);
    const privateKey = (await wg('show', lab.interface, 'private-key')).stdout.trim();
    for (const env of [{}, { WG_REACH_NO_NATIVE: '1' }]) {
      const seen = `${program.journalDirectory}-seen`;
      const files = `${program.journalDirectory}-files`;
      const look = [
        `cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline /proc/$PPID/environ >> ${seen}`,
        `find ${program.journalDirectory} -printf "%m %y %U\\n" >> ${files}`,
      ].join('; ');
      const life = await program.reset({ atSet: `${look};`, env });
      expect(life.result, life.said).toMatchObject({ kind: 'reset', putBack: false });
      const text = `${readFileSync(seen, 'utf8')}${life.said}`;
      expect(text).toContain('/dev/stdin');
      for (const secret of [...secrets, privateKey]) expect(text).not.toContain(secret);
      expect(readFileSync(files, 'utf8').trim().split('\n').sort()).toEqual(['600 f 0', '700 d 0']);
      await expectWhole();
      for (const file of [seen, files]) rmSync(file);
    }
  });

  it('as many allowed IPs as are safe are kept, more are refused', async () => {
    const inner = (original.get(lab.peerKey())?.allowedIps ?? []).join(',');
    // With the inner addresses, one of each family: 90 IPv6, 130 IPv4, and too many.
    const lists = [
      Array.from(
        { length: 89 },
        (_, index) => `fd01:${(index + 1).toString(16)}:ffff:eeee:dddd:cccc:bbbb:0/127`,
      ),
      Array.from({ length: 129 }, (_, index) => `100.64.${index}.0/24`),
      Array.from({ length: 90 }, (_, index) => `fd01:${(index + 1).toString(16)}::/64`).concat(
        '100.64.1.0/24',
      ),
    ];
    for (const [index, list] of lists.entries()) {
      await wg('set', lab.interface, 'peer', lab.peerKey(), 'allowed-ips', [inner, ...list].join(','));
      const before = await peers();
      const life = await program.reset();
      if (index === 2) expect(life.result).toMatchObject({ kind: 'refused', reason: 'too-many-allowed-ips' });
      else expect(life.result, life.said).toMatchObject({ kind: 'reset', putBack: false });
      const after = await peers();
      expect(after.get(lab.peerKey())?.allowedIps).toEqual(before.get(lab.peerKey())?.allowedIps);
      expect(after.get(lab.peerKey(1))).toEqual(before.get(lab.peerKey(1)));
    }
    await wg('set', lab.interface, 'peer', lab.peerKey(), 'allowed-ips', inner);
    await expectWhole();
  });
});

describe('session reset, interfaces and peers that go', () => {
  beforeAll(open);
  afterAll(() => lab.close());

  it.each([
    ['boringtun-cli', 'boringtun'],
    ['somebody', 'unknown-implementation'],
  ])('an interface served by %s is refused', async (title, reason) => {
    const name = `${lab.interface.slice(0, 12)}-${title.slice(0, 2)}`;
    const path = `/var/run/wireguard/${name}.sock`;
    const serve = `process.title = '${title}'; require('node:net').createServer().listen('${path}')`;
    const server = lab.client.spawn([process.execPath, '-e', serve]);
    try {
      await waitFor('the socket is there', () => existsSync(path));
      const life = await program.reset({ interface: name });
      expect(life.result, life.said).toMatchObject({ kind: 'refused', reason });
      expect(life.steps).toEqual(['implementation']);
    } finally {
      server.kill('SIGKILL');
      rmSync(path, { force: true });
    }
  });

  it('a peer that is not there is not made', async () => {
    await lab.wg.removePeer();
    expect((await program.reset()).result).toMatchObject({ kind: 'peer-gone' });
    expect([...(await peers()).keys()]).toEqual([lab.peerKey(1)]);
    await lab.wg.recreate();
  });

  it('another interface of the name does not get the peer, and the journal is dropped', async () => {
    await program.reset({ atSet: 'kill -9 $PPID; exit 1' });
    expect(program.journalFiles()).toHaveLength(1);
    await lab.wg.recreate();
    await lab.wg.removePeer();
    expect((await program.recover()).result).toMatchObject([{ kind: 'dropped' }]);
    expect([...(await peers()).keys()]).toEqual([lab.peerKey(1)]);
    expect(program.journalFiles()).toEqual([]);
    await lab.wg.recreate();
  });

  it('the interface goes during the write: said so, and nothing is left', async () => {
    const gone = `ip link del ${lab.interface}; sleep 0.5; exit 1`;
    const life = await program.reset({ atSet: gone });
    expect(life.result, life.said).toMatchObject({ kind: 'failed', peer: 'interface-gone' });
    expect(program.journalFiles()).toEqual([]);
    await sleep(100);
    expect((await program.recover()).result).toEqual([]);
  });
});
