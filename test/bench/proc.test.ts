import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDeviceCount, parseProcessUsage, readDeviceCount, readProcessUsage } from '../../bench/proc.ts';

const netDev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
wr1x0c: 1234567   8901    2    3    4     5          6         7  7654321   1098    0    0    0     0       0          0
`;

describe('a device in /proc/net/dev', () => {
  it('is found by its whole name, however wide the columns', () => {
    expect(parseDeviceCount(netDev, 'wr1x0c')).toEqual({
      rxBytes: 1_234_567,
      rxPackets: 8_901,
      txBytes: 7_654_321,
      txPackets: 1_098,
    });
    expect(parseDeviceCount(netDev, 'wr1x0')).toBeNull();
  });

  it('is there for this process, and not for one that is gone', () => {
    expect(readDeviceCount(process.pid, 'lo')).not.toBeNull();
    expect(readDeviceCount(2 ** 30, 'lo')).toBeNull();
  });
});

describe('what a process uses', () => {
  const status = 'Name:\tnode\nVmHWM:\t   70000 kB\nVmRSS:\t   60000 kB\n';

  it('is its own time and that of its children, in either mode', () => {
    const stat = '42 (a (strange) name) S 1 42 42 0 -1 4194304 9 9 9 9 100 20 3 4 20 0 11 0 5 6 7';
    expect(parseProcessUsage(stat, status)).toEqual({
      cpuMs: 1_270,
      rssBytes: 61_440_000,
      peakRssBytes: 71_680_000,
    });
  });

  it('is nothing where a file is cut off', () => {
    expect(parseProcessUsage('42 (node) S 1 42', status)).toBeNull();
    expect(parseProcessUsage('', status)).toBeNull();
    expect(readProcessUsage(2 ** 30)).toBeNull();
  });

  it('grows with the work of this process', () => {
    const before = readProcessUsage(process.pid)?.cpuMs ?? Number.NaN;
    const untilMs = performance.now() + 60;
    while (performance.now() < untilMs) readFileSync('/proc/self/stat');
    expect((readProcessUsage(process.pid)?.cpuMs ?? Number.NaN) - before).toBeGreaterThan(0);
  });
});
