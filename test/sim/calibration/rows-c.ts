import { startRequests } from '../../../sim/inner/traffic.ts';
import { tunnelAddresses, tunnelKeys } from '../../../sim/tunnel.ts';
import { createBench, firstAddress } from './bench.ts';
import { probeFrom } from './probe.ts';
import { exact, type Row, within } from './row.ts';

const go = 'wireguard-go';

/** The server asks each 20 ms, the client's keepalive is as given, then one probe with the client's key. */
function outage(seed: number, keepaliveS: number, confirm: boolean): number {
  const bench = createBench(seed, go);
  bench.client.device.set(tunnelKeys.server, { persistentKeepaliveS: keepaliveS });
  bench.settle();
  const traffic = startRequests(bench.clock, bench.server.inner, tunnelAddresses.clientInner, 20);
  // Between two requests: an answer on its way would undo what the probe does.
  bench.clock.runFor(2_010);
  traffic.forgetGaps();
  probeFrom(bench.client.host, 40_000).send(firstAddress, tunnelKeys.client, confirm);
  bench.clock.runFor(40_000);
  return traffic.longestGapMs();
}

/** Sixty probes in groups of three with one key, so far apart; how many were answered. */
function answered(seed: number, staggerMs: number): number {
  const bench = createBench(seed, go);
  bench.settle();
  const probe = probeFrom(bench.client.host, 40_000);
  for (let group = 0; group < 20; group++) {
    for (let index = 0; index < 3; index++) {
      probe.send(firstAddress, tunnelKeys.client, false);
      bench.clock.runFor(staggerMs);
    }
    bench.clock.runFor(1_000);
  }
  return probe.responses();
}

/** Parts of section C of facts/wireguard.md, measured on wireguard-go: probes with the interface's own key. */
export const rowsC: readonly Row[] = [
  {
    id: 'C.1-1',
    what: 'probe under traffic of ours each 20 ms: packets lost',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run(seed) {
      const bench = createBench(seed, go);
      bench.settle();
      const traffic = bench.pings(20);
      bench.clock.runFor(2_010);
      probeFrom(bench.client.host, 40_000).send(firstAddress, tunnelKeys.client, false);
      bench.clock.runFor(3_000);
      traffic.stop();
      bench.clock.runFor(1_000);
      return traffic.sent() - traffic.answered();
    },
  },
  {
    id: 'C.1-2',
    what: 'probe while only the peer asks, no keepalive: outage',
    unit: 'ms',
    measured: [15_200, 15_200],
    tolerance: within(230, 'one sample of 15.0 to 15.33 s, and requests 20 ms apart'),
    run: (seed) => outage(seed, 0, false),
  },
  {
    id: 'C.1-3',
    what: '… with keepalive 5',
    unit: 'ms',
    measured: [5_000, 5_000],
    tolerance: within(45, 'requests 20 ms apart'),
    run: (seed) => outage(seed, 5, false),
  },
  {
    id: 'C.1-4',
    what: 'idle client, traffic of the peer begins after the probe: answers within 45 s',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run(seed) {
      const bench = createBench(seed, go);
      bench.settle();
      bench.clock.runFor(30_000);
      probeFrom(bench.client.host, 40_000).send(firstAddress, tunnelKeys.client, false);
      bench.clock.runFor(100);
      const traffic = startRequests(bench.clock, bench.server.inner, tunnelAddresses.clientInner, 500);
      bench.clock.runFor(45_000);
      return traffic.answered();
    },
  },
  {
    id: 'C.2-1',
    what: 'three probes at once, twenty times: answered of 60',
    unit: 'packets',
    measured: [20, 20],
    tolerance: exact,
    run: (seed) => answered(seed, 0),
  },
  {
    id: 'C.2-2',
    what: '… 21 ms apart',
    unit: 'packets',
    measured: [60, 60],
    tolerance: exact,
    run: (seed) => answered(seed, 21),
  },
];
