import { describe, expect, it } from 'vitest';
import { recoverResets } from '../../../src/wireguard/reset/recover-resets.ts';
import { resetSession } from '../../../src/wireguard/reset/reset-session.ts';
import { type FakeHost, type Fault, fakeHost } from './fake-host.ts';

const peer = `${'B'.repeat(42)}A=`;
const bystander = `${'C'.repeat(42)}A=`;
const psk = `${'K'.repeat(42)}A=`;
const endpoint = { address: '203.0.113.1', port: 51820 };
const request = { interface: 'wg0', peer, endpoint, journalDirectory: '/nowhere', timeoutMs: 5_000 };
const fine: Fault = { outcome: 'ok', changes: 0, afterMs: 0, crash: 'no' };

function withPeers(faults: readonly Fault[] = []): FakeHost {
  const host = fakeHost(faults);
  const ips = ['10.0.0.0/24', 'fd00::/64'];
  host.peers.set(peer, { psk, endpoint: '192.0.2.1:5', ips, keepaliveS: 25, rxBytes: 5_000 });
  host.peers.set(bystander, { psk: null, endpoint: null, ips: ['10.1.0.0/16'], keepaliveS: 0, rxBytes: 7 });
  return host;
}

function nth(steps: readonly string[], name: string, count: number): number {
  const at = steps.flatMap((step, index) => (step === name ? [index] : []))[count - 1];
  if (at === undefined) throw new Error(`there is no step ${count} ${name} in ${steps.join(' ')}`);
  return at;
}

/** A host that fails at one step of a reset that otherwise goes well. */
async function failingAt(name: string, count: number, fault: Partial<Fault>): Promise<FakeHost> {
  const host = withPeers();
  await resetSession(request, host);
  return withPeers([...Array<Fault>(nth(host.steps, name, count)).fill(fine), { ...fine, ...fault }]);
}

const expectWhole = (host: FakeHost, at = '203.0.113.1:51820'): void => {
  expect(host.peers.get(peer)).toMatchObject({
    psk,
    endpoint: at,
    ips: ['10.0.0.0/24', 'fd00::/64'],
    keepaliveS: 25,
  });
  expect(host.peers.get(bystander)).toMatchObject({ ips: ['10.1.0.0/16'], rxBytes: 7 });
};

describe('resetSession', () => {
  it('renews the peer in one write, reads it back and leaves no journal', async () => {
    const host = withPeers();
    expect(await resetSession(request, host)).toEqual({
      kind: 'reset',
      readBack: { endpoint, rxBytes: 0, txBytes: 0, latestHandshakeS: 0 },
      putBack: false,
    });
    expectWhole(host);
    expect(host.writes.map((write) => write.mode)).toEqual(['renew']);
    expect(host.files.size).toBe(0);
  });

  it('has journalled the peer before it writes, and wipes every secret it read', async () => {
    const host = withPeers();
    host.meddle = (step) => {
      if (step === 'writePeer') expect([...host.files.values()].join('')).toContain(psk);
    };
    await resetSession(request, host);
    expect(host.dumps.length).toBeGreaterThanOrEqual(3);
    expect(host.dumps.every((dump) => dump.wiped)).toBe(true);
    expect(host.writes[0]?.record.presharedKey).toEqual(Buffer.alloc(44));
  });

  it('leaves an absent peer absent', async () => {
    const host = withPeers();
    host.peers.delete(peer);
    expect(await resetSession(request, host)).toMatchObject({ kind: 'peer-gone' });
    expect(host.writes).toEqual([]);
  });

  it('leaves a peer away that somebody removes after the first look', async () => {
    const host = withPeers();
    host.meddle = (step, count) => {
      if (step === 'readDump' && count === 2) host.peers.delete(peer);
    };
    expect(await resetSession(request, host)).toMatchObject({ kind: 'peer-gone' });
    expect(host.peers.has(peer)).toBe(false);
    expect(host.files.size).toBe(0);
  });

  it.each([
    ['allowed IPs', (host: FakeHost) => host.peers.get(peer)?.ips.push('10.9.0.0/24')],
    ['allowed IPs taken away', (host: FakeHost) => host.peers.get(peer)?.ips.pop()],
    ['another peer’s allowed IPs', (host: FakeHost) => host.peers.get(bystander)?.ips.push('fd00::/64')],
    [
      'preshared key',
      (host: FakeHost) => Object.assign(host.peers.get(peer) ?? {}, { psk: `${'L'.repeat(42)}A=` }),
    ],
    ['no preshared key', (host: FakeHost) => Object.assign(host.peers.get(peer) ?? {}, { psk: null })],
    ['keepalive', (host: FakeHost) => Object.assign(host.peers.get(peer) ?? {}, { keepaliveS: 5 })],
  ])('refuses while somebody changes the peer: %s', async (_what, change) => {
    const host = withPeers();
    host.meddle = (step, count) => {
      if (step === 'readDump' && count === 2) change(host);
    };
    expect(await resetSession(request, host)).toMatchObject({ kind: 'refused', reason: 'changing' });
    expect(host.writes).toEqual([]);
    expect(host.files.size).toBe(0);
  });

  it('resets a peer that has no endpoint', async () => {
    const host = withPeers();
    Object.assign(host.peers.get(peer) ?? {}, { endpoint: null });
    expect(await resetSession(request, host)).toMatchObject({ kind: 'reset', putBack: false });
    expectWhole(host);
  });

  it.each(['boringtun', 'unknown'] as const)('refuses what is served by %s', async (kind) => {
    const host = withPeers();
    host.kind = kind;
    const reason = kind === 'unknown' ? 'unknown-implementation' : kind;
    expect(await resetSession(request, host)).toMatchObject({ kind: 'refused', reason });
    expect(host.writes).toEqual([]);
  });

  it('refuses more allowed IPs than fit one message', async () => {
    const host = withPeers();
    Object.assign(host.peers.get(peer) ?? {}, {
      ips: Array.from({ length: 132 }, (_, index) => `10.0.${index}.0/24`),
    });
    expect(await resetSession(request, host)).toMatchObject({
      kind: 'refused',
      reason: 'too-many-allowed-ips',
    });
    expect(host.writes).toEqual([]);
    expect(host.files.size).toBe(0);
  });

  it('refuses where the peer cannot be journalled or read', async () => {
    for (const outcome of ['failed', 'timed-out'] as const) {
      const full = await failingAt('journal.write', 1, { outcome });
      expect(await resetSession(request, full)).toMatchObject({ kind: 'refused', reason: 'no-journal' });
      expect(full.files.size + full.writes.length).toBe(0);
    }
    for (const count of [1, 2]) {
      const mute = await failingAt('readDump', count, { outcome: 'timed-out' });
      expect(await resetSession(request, mute)).toMatchObject({ kind: 'refused', reason: 'unreadable' });
      expectWhole(mute, '192.0.2.1:5');
      expect(mute.files.size).toBe(0);
    }
  });

  it.each([1, 3])(
    'does not begin anew while an earlier reset is not settled (%i small changes)',
    async (changes) => {
      const host = await failingAt('writePeer', 1, { outcome: 'failed', changes, crash: 'after' });
      void resetSession(request, host);
      await host.crashed;
      const again = host.restart([]);
      expect(await resetSession(request, again)).toMatchObject({ kind: 'refused', reason: 'unsettled' });
      expect(again.writes).toEqual([]);
    },
  );

  it('says that the session is the old one when `wg` did nothing', async () => {
    const host = await failingAt('writePeer', 1, { outcome: 'failed', changes: 0 });
    expect(await resetSession(request, host)).toMatchObject({ kind: 'failed', peer: 'intact' });
    expectWhole(host, '192.0.2.1:5');
    expect(host.files.size).toBe(0);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'puts the peer back when `wg` failed after %i small changes',
    async (changes) => {
      const host = await failingAt('writePeer', 1, { outcome: 'failed', changes });
      expect(await resetSession(request, host)).toMatchObject({ kind: 'reset', putBack: true });
      expectWhole(host);
      expect(host.files.size).toBe(0);
    },
  );

  it.each([1, 4, 7])('sees a killed write take effect later (%i small changes)', async (changes) => {
    const host = await failingAt('writePeer', 1, { outcome: 'timed-out', changes, afterMs: 200 });
    expect(await resetSession(request, host)).toMatchObject({ kind: 'reset', putBack: changes < 7 });
    expectWhole(host);
  });

  it('keeps the journal while the peer cannot be read, and recovery puts it back', async () => {
    const host = withPeers();
    await resetSession(request, host);
    const at = nth(host.steps, 'writePeer', 1);
    const bad: Fault = { ...fine, outcome: 'failed', changes: 2 };
    const hanging = withPeers([...Array<Fault>(at).fill(fine), ...Array<Fault>(40).fill(bad)]);
    expect(await resetSession(request, hanging)).toMatchObject({ kind: 'failed', peer: 'unsettled' });
    expect(hanging.files.size).toBe(1);
    const recovered = await recoverResets(request, hanging.restart([]));
    expect(recovered).toMatchObject([{ kind: 'restored', peer }]);
    expectWhole(hanging);
  });

  it('leaves what somebody else changed right after the write', async () => {
    const host = withPeers();
    host.meddle = (step, count) => {
      if (step === 'readDump' && count === 3) host.peers.get(peer)?.ips.push('10.9.0.0/24');
    };
    expect(await resetSession(request, host)).toMatchObject({ kind: 'failed', peer: 'changed' });
    expect(host.peers.get(peer)?.ips).toContain('10.9.0.0/24');
    expect(host.writes).toHaveLength(1);
  });

  it('takes no allowed IPs from another peer when it puts the peer back', async () => {
    const host = await failingAt('writePeer', 1, { outcome: 'failed', changes: 1 });
    host.meddle = (step, count) => {
      if (step === 'readDump' && count === 3) host.peers.get(bystander)?.ips.push('fd00::/64');
    };
    const result = await resetSession(request, host);
    expect(result).toMatchObject({
      kind: 'reset',
      putBack: true,
      detail: expect.stringContaining('fd00::/64'),
    });
    expect(host.peers.get(peer)?.ips).toEqual(['10.0.0.0/24']);
    expect(host.peers.get(bystander)?.ips).toContain('fd00::/64');
  });

  it('writes nothing to another interface of the same name', async () => {
    const host = await failingAt('writePeer', 1, { outcome: 'failed', changes: 1 });
    host.meddle = (step, count) => {
      if (step === 'whichInterface' && count === 3) Object.assign(host, { index: 8 });
    };
    expect(await resetSession(request, host)).toMatchObject({ kind: 'failed', peer: 'interface-gone' });
    expect(host.peers.has(peer)).toBe(false);
    expect(host.files.size).toBe(0);
  });

  it('heeds a signal until the write begins, and never after', async () => {
    const early = withPeers();
    const first = new AbortController();
    early.meddle = (step) => step === 'journal.write' && first.abort();
    expect(await resetSession({ ...request, signal: first.signal }, early)).toMatchObject({ peer: 'intact' });
    expect(early.writes).toEqual([]);
    expect(early.files.size).toBe(0);
    const late = withPeers();
    const second = new AbortController();
    late.meddle = (step) => step === 'writePeer' && second.abort();
    expect(await resetSession({ ...request, signal: second.signal }, late)).toMatchObject({ kind: 'reset' });
    expectWhole(late);
  });

  it('does not begin without the time to end', async () => {
    const host = withPeers();
    expect(await resetSession({ ...request, timeoutMs: 100 }, host)).toMatchObject({ peer: 'intact' });
    expect(host.writes).toEqual([]);
    expect(host.files.size).toBe(0);
  });
});
