import { tunnelKeys } from '../../../sim/tunnel.ts';
import { type Bench, createBench, firstAddress, secondAddress, thirdAddress } from './bench.ts';
import { exact, type Row, within } from './row.ts';

const go = 'wireguard-go';

/** A quiet live session, then something is set; the packets the client sends within 3 s. */
function emitted(seed: number, act: (bench: Bench) => void, keepaliveS = 0): number {
  const bench = createBench(seed, go);
  bench.settle();
  bench.client.device.set(tunnelKeys.server, { persistentKeepaliveS: keepaliveS });
  bench.clock.runFor(100);
  const sinceMs = bench.clock.nowMs();
  act(bench);
  bench.clock.runFor(3_000);
  return bench.packets({ from: 'client', sinceMs }).length;
}

const keepalive = (persistentKeepaliveS: number) => (bench: Bench) =>
  bench.client.device.set(tunnelKeys.server, { persistentKeepaliveS });

/** Traffic each 5 ms moves from one live path to another; what was lost, and what else was sent. */
function moveAlive(seed: number): {
  readonly lost: number;
  readonly handshakes: number;
  readonly roamed: number;
} {
  const bench = createBench(seed, go);
  bench.settle();
  const traffic = bench.pings(5);
  // Between two pings: an answer on its way would bring the old address back.
  bench.clock.runFor(3_002.5);
  const sinceMs = bench.clock.nowMs();
  bench.setEndpoint(secondAddress);
  bench.clock.runFor(2_790);
  traffic.stop();
  bench.clock.runFor(500);
  const toOld = bench
    .packets({ from: 'client', sinceMs: sinceMs + 20 })
    .filter((p) => p.destination !== secondAddress);
  const handshakes = bench.packets({ kind: 'initiation', sinceMs }).length;
  return { lost: traffic.sent() - traffic.answered(), handshakes, roamed: toOld.length };
}

/** B.1 and B.3 of facts/wireguard.md, measured on wireguard-go: setting an endpoint and the keepalive. */
export const rowsB1B3: readonly Row[] = [
  {
    id: 'B.1-1',
    what: 'set the same endpoint: packets sent',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => emitted(seed, (bench) => bench.setEndpoint(firstAddress)),
  },
  {
    id: 'B.1-2',
    what: 'set another endpoint: packets sent',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => emitted(seed, (bench) => bench.setEndpoint(secondAddress)),
  },
  {
    id: 'B.1-3',
    what: 'live session moved under traffic: packets lost',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => moveAlive(seed).lost,
  },
  {
    id: 'B.1-4',
    what: '… new handshakes',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => moveAlive(seed).handshakes,
  },
  {
    id: 'B.1-5',
    what: '… packets to the old address later than 20 ms (the server roamed at once)',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => moveAlive(seed).roamed,
  },
  {
    id: 'B.1-6',
    what: 'path silent for 4 s, then a live one: silence',
    unit: 'ms',
    measured: [4_011, 4_011],
    tolerance: within(12, 'pings are 5 ms apart, and the two commands were not exactly 4 s apart'),
    run(seed) {
      const bench = createBench(seed, go);
      bench.settle();
      const traffic = bench.pings(5);
      bench.clock.runFor(1_000);
      bench.cut();
      bench.clock.runFor(4_000);
      bench.setEndpoint(thirdAddress);
      bench.clock.runFor(100);
      return traffic.longestGapMs();
    },
  },
  {
    id: 'B.3-1',
    what: 'keepalive 0 to 25: packets sent',
    unit: 'packets',
    measured: [1, 1],
    tolerance: exact,
    run: (seed) => emitted(seed, keepalive(25)),
  },
  {
    id: 'B.3-2',
    what: 'keepalive 25 to 25',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => emitted(seed, keepalive(25), 25),
  },
  {
    id: 'B.3-3',
    what: 'keepalive 25 to 1, not even after 1 s',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => emitted(seed, keepalive(1), 25),
  },
  {
    id: 'B.3-4',
    what: 'keepalive 25 to 0',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => emitted(seed, keepalive(0), 25),
  },
  {
    id: 'B.3-5',
    what: 'endpoint and keepalive 0 to 25 in one command: packets to the new endpoint',
    unit: 'packets',
    measured: [1, 1],
    tolerance: exact,
    run: (seed) => emitted(seed, (bench) => bench.setEndpoint(secondAddress, { persistentKeepaliveS: 25 })),
  },
];
