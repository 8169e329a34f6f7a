import { describe, expect, it } from 'vitest';
import { type PeerSnapshot, setEndpoint, wasRecreated } from '../../src/wireguard/set-endpoint.ts';

const peer = (
  rxBytes: number,
  txBytes: number,
  latestHandshakeS: number,
  allowedIps: string[],
): PeerSnapshot => ({
  counters: { endpoint: null, rxBytes, txBytes, latestHandshakeS },
  allowedIps,
});

describe('wasRecreated', () => {
  const lan = ['10.0.0.0/24'];

  it('sees a peer that began anew', () => {
    expect(wasRecreated(peer(5000, 4000, 1795, lan), peer(0, 0, 0, []))).toBe(true);
    expect(wasRecreated(peer(0, 148, 0, lan), peer(0, 0, 0, []))).toBe(true);
    expect(wasRecreated(peer(0, 0, 0, lan), peer(0, 0, 0, []))).toBe(true);
    expect(wasRecreated(peer(5000, 4000, 1795, []), peer(0, 0, 0, []))).toBe(true);
  });

  it('sees it also when the far side has already shaken hands with the new one', () => {
    expect(wasRecreated(peer(5000, 4000, 1795, lan), peer(148, 92, 1799, []))).toBe(true);
    expect(wasRecreated(peer(0, 0, 0, lan), peer(148, 92, 1799, []))).toBe(true);
  });

  it('leaves a peer whose allowed IPs somebody took away', () => {
    expect(wasRecreated(peer(5000, 4000, 1795, lan), peer(5000, 4148, 1795, []))).toBe(false);
  });

  it('leaves a peer that somebody removed and configured again', () => {
    expect(wasRecreated(peer(5000, 4000, 1795, lan), peer(0, 0, 0, lan))).toBe(false);
  });

  it('leaves a peer of which nothing was known before', () => {
    expect(wasRecreated(peer(0, 0, 0, []), peer(0, 0, 0, []))).toBe(false);
  });
});

describe('setEndpoint', () => {
  it('gives `wg` neither a name nor anything that is no key', async () => {
    const key = `${'A'.repeat(43)}=`;
    const base = { interface: 'lo', peer: key, timeoutMs: 1000 };
    const name = await setEndpoint({ ...base, endpoint: { address: 'vpn.example', port: 51820 } });
    expect(name).toMatchObject({ kind: 'failed', detail: expect.stringContaining('literal') });
    const badKey = await setEndpoint({
      ...base,
      peer: '--help',
      endpoint: { address: '192.0.2.1', port: 51820 },
    });
    expect(badKey).toMatchObject({ kind: 'failed', detail: expect.stringContaining('key') });
  });

  it('refuses an interface that is not there', async () => {
    const result = await setEndpoint({
      interface: 'no-such-device0',
      peer: `${'A'.repeat(43)}=`,
      endpoint: { address: '192.0.2.1', port: 51820 },
      timeoutMs: 1000,
    });
    expect(result).toMatchObject({ kind: 'no-such-interface' });
  });
});
