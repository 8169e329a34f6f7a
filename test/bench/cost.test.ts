import { describe, expect, it } from 'vitest';
import { fleetLimit, planFleet } from '../../bench/cost/fleet.ts';
import type { OnePeerCost } from '../../bench/cost/one-peer.ts';
import {
  renderFleet,
  renderOnePeer,
  summarizeFleet,
  summarizeOnePeer,
  wireTargetsBytes,
} from '../../bench/cost/summary.ts';
import { perHour, windowBetween } from '../../bench/cost/window.ts';
import { parseCounter } from '../../bench/counters.ts';

const minuteMs = 60_000;
const wire = (all: number, keepalives = 0) => ({ all, keepalives, handshakes: 0 });
const cost = (given: Partial<OnePeerCost>): OnePeerCost => ({
  keeper: 'balanced',
  tookMs: minuteMs,
  wire: wire(1_000, 200),
  cpuMs: 100,
  rssBytes: 60e6,
  peakRssBytes: 65e6,
  ...given,
});

describe('a stretch of time', () => {
  const usage = { cpuMs: 50, rssBytes: 1, peakRssBytes: 2 };

  it('has what was counted in it, and the memory at its end', () => {
    const window = windowBetween(
      { atMs: 100, wire: wire(1_000, 100), usage },
      { atMs: 600, wire: wire(1_300, 180), usage: { cpuMs: 80, rssBytes: 3, peakRssBytes: 4 } },
    );
    expect(window).toEqual({ tookMs: 500, wire: wire(300, 80), cpuMs: 30, rssBytes: 3, peakRssBytes: 4 });
  });

  it('knows nothing where the process ended', () => {
    const window = windowBetween({ atMs: 0, wire: wire(0), usage }, { atMs: 1, wire: null, usage: null });
    expect(window).toMatchObject({ wire: null, cpuMs: null, rssBytes: null });
  });

  it('is extrapolated by the time it took', () => {
    expect(perHour(10, minuteMs)).toBe(600);
    expect(perHour(null, minuteMs)).toBeNull();
    expect(perHour(10, 0)).toBeNull();
  });
});

describe('a counter of the firewall', () => {
  it('is read from what nft prints, and from no other counter', () => {
    const counter = (name: string, bytes: number) =>
      `{"counter": {"family": "inet", "name": "${name}", "table": "lab", "handle": 3, "packets": 4, "bytes": ${bytes}}}`;
    expect(parseCounter(`{"nftables": [${counter('other', 1)}, ${counter('wire', 688)}]}`, 'wire')).toEqual({
      packets: 4,
      bytes: 688,
    });
    expect(parseCounter(`{"nftables": [${counter('other', 1)}]}`, 'wire')).toBeNull();
    expect(parseCounter('', 'wire')).toBeNull();
  });
});

describe('the cost of one peer', () => {
  it('is told apart from what the tunnel carries when nobody looks after it', () => {
    const alone = cost({
      keeper: 'nobody',
      wire: wire(400, 400),
      cpuMs: null,
      rssBytes: null,
      peakRssBytes: null,
    });
    const [none, ours] = summarizeOnePeer([alone, cost({})]);
    expect(none).toMatchObject({ wireBytesPerHour: 24_000, addedBytesPerHour: null, wireMet: null });
    expect(ours).toMatchObject({
      wireBytesPerHour: 60_000,
      keepaliveBytesPerHour: 12_000,
      addedBytesPerHour: 36_000,
      cpuMsPerHour: 6_000,
    });
  });

  it('is held to the promise for everything on the wire, of profiles that have one', () => {
    const { balanced: target } = wireTargetsBytes;
    const met = (keeper: OnePeerCost['keeper'], bytes: number) =>
      summarizeOnePeer([cost({ keeper, wire: wire(bytes / 60) })])[0]?.wireMet;
    expect(met('balanced', target)).toBe(true);
    expect(met('balanced', target + 60)).toBe(false);
    expect(met('fast', target * 100)).toBeNull();
  });

  it('is held to the promise for memory by what is resident at the end', () => {
    const met = (rssBytes: number) => summarizeOnePeer([cost({ rssBytes })])[0]?.memoryMet;
    expect(met(75e6)).toBe(true);
    expect(met(75e6 + 1)).toBe(false);
  });

  it('stands in a table, with a dash for what nobody measured', () => {
    const text = renderOnePeer(
      summarizeOnePeer([cost({ keeper: 'fast', rssBytes: null, peakRssBytes: null })]),
    );
    const cells =
      text
        .split('\n')
        .at(-1)
        ?.split('|')
        .map((cell) => cell.trim()) ?? [];
    expect(cells.slice(1, 8)).toEqual(['wg-reach, fast', '60.0 kB', '12.0 kB', '48.0 kB', '–', '–', '–']);
    expect(cells.slice(8, 10)).toEqual(['6.0 s', '–']);
  });
});

describe('the cost of many peers', () => {
  const fleet = {
    ...cost({ cpuMs: 6_000 }),
    peers: 1_000,
    farSide: 'played' as const,
    upBefore: 1_000,
    upAfter: 1_000,
  };

  it('is met with a tenth of a core and 150 MB, and not with more of either', () => {
    expect(summarizeFleet(fleet)).toMatchObject({ cpuShare: 0.1, met: true });
    expect(summarizeFleet({ ...fleet, cpuMs: 6_010 }).met).toBe(false);
    expect(summarizeFleet({ ...fleet, rssBytes: 151e6 }).met).toBe(false);
    expect(summarizeFleet({ ...fleet, cpuMs: null }).met).toBeNull();
  });

  it('is not met by who takes one living tunnel for dead', () => {
    expect(summarizeFleet({ ...fleet, upAfter: 999 }).met).toBe(false);
    expect(summarizeFleet({ ...fleet, upBefore: 999 }).met).toBe(false);
  });

  it('shows how many were up', () => {
    expect(renderFleet([summarizeFleet({ ...fleet, upAfter: 999 })])).toContain('1000, 999');
  });

  it('is of peers of which no two share a key, an address, a port, a name or a device', () => {
    const peers = planFleet('wr4194304x9', 600);
    for (const key of ['inner', 'port', 'name', 'device', 'table'] as const)
      expect(new Set(peers.map((peer) => peer[key])).size).toBe(600);
    expect(new Set(peers.map(({ keys }) => keys.publicKey)).size).toBe(600);
  });

  it('has devices whose names the system takes and the lab sweeps away, to the last', () => {
    const id = 'wr4194304x99';
    for (const { device } of [planFleet(id, fleetLimit).at(0), planFleet(id, fleetLimit).at(-1)].flatMap(
      (peer) => peer ?? [],
    )) {
      expect(device.length).toBeLessThanOrEqual(15);
      expect(device.slice(id.length)).toMatch(/^p[0-9a-z]{2}$/);
    }
    expect(() => planFleet(id, fleetLimit + 1)).toThrow('1296');
  });
});
