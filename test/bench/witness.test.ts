import { describe, expect, it } from 'vitest';
import { parseHealthChange } from '../../bench/daemon.ts';
import { parsePings } from '../../bench/recovery/witness.ts';

describe('what ping printed', () => {
  it('tells when each answered ping left and when its answer came', () => {
    const text = [
      'PING 10.77.0.1 (10.77.0.1) 56(84) bytes of data.',
      '[1795356000.250000] 64 bytes from 10.77.0.1: icmp_seq=1 ttl=64 time=20.5 ms',
      '[1795356003.500000] From 10.77.0.2 icmp_seq=2 Destination Host Unreachable',
      '[1795356004.000000] 64 bytes from 10.77.0.1: icmp_seq=3 ttl=64 time=3000 ms',
      '[1795356004.050000] 64 bytes from 10.77.0.1: icmp_se',
    ].join('\n');
    expect(parsePings(text)).toEqual([
      { sentMs: 1_795_356_000_229.5, answeredMs: 1_795_356_000_250 },
      { sentMs: 1_795_356_001_000, answeredMs: 1_795_356_004_000 },
    ]);
  });
});

describe("the daemon's log", () => {
  const change = { event: 'health-changed', publicKey: 'KEY=', from: 'unknown', to: 'up' };

  it('tells which peer is how', () => {
    expect(parseHealthChange(JSON.stringify(change))).toEqual({ publicKey: 'KEY=', to: 'up' });
  });

  it('tells it by no other line, nor by half a line', () => {
    expect(parseHealthChange(JSON.stringify({ ...change, event: 'started' }))).toBeNull();
    expect(parseHealthChange(JSON.stringify(change).slice(0, -5))).toBeNull();
    expect(parseHealthChange('{"event":"health-changed"}')).toBeNull();
  });
});
