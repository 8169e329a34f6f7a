import { startPings } from '../../../sim/inner/traffic.ts';
import { tunnelAddresses, tunnelKeys } from '../../../sim/tunnel.ts';
import { type Bench, createBench, firstAddress } from './bench.ts';
import { probeFrom } from './probe.ts';
import { exact, type Row, type UnrepresentedRow, within } from './row.ts';

const go = 'wireguard-go';
const wideClient = { clientPeer: { allowedIps: ['10.77.0.0/24'] } };
const veth = within(8, 'a round trip over veth and two Go processes, 1 ms in the model');
const oneSecondLog = within(1000, 'read off a log with whole seconds');

/** How long until the client's counter has grown, and by how much. */
function growth(bench: Bench, act: () => void): { readonly afterMs: number; readonly bytes: number } {
  const before = bench.status().rxBytes;
  act();
  const afterMs = bench.until(() => bench.status().rxBytes > before, 20_000);
  return { afterMs, bytes: bench.status().rxBytes - before };
}

const closedPort = (seed: number) => {
  const bench = createBench(seed, go);
  bench.settle();
  return growth(bench, () => bench.datagram());
};
const missingHost = (seed: number) => {
  const bench = createBench(seed, go, wideClient);
  bench.settle();
  return growth(bench, () => bench.datagram('10.77.0.99'));
};
const hopLimit = (seed: number) => {
  const bench = createBench(seed, go, wideClient);
  bench.settle();
  return growth(bench, () => {
    bench.client.inner.send({ kind: 'one-way', target: '10.77.0.99', bytes: 29, hopLimit: 1 });
  });
};

/** One ping into a dead path without a session; returns the initiations of the next `forMs`. */
function giveUp(seed: number, keepaliveS: number, forMs: number): readonly number[] {
  const bench = createBench(seed, go);
  bench.cut();
  bench.client.device.set(tunnelKeys.server, { persistentKeepaliveS: keepaliveS });
  bench.ping();
  bench.clock.runFor(forMs);
  return bench.packets({ from: 'client', kind: 'initiation' }).map((packet) => packet.atMs);
}

/** The server pings, the client's answers are lost; counted over 30 s once the server is retrying. */
function oneWay(seed: number): { readonly rxBytes: number; readonly handshakeMovedS: number } {
  const bench = createBench(seed, go, { serverPeer: { allowedIps: ['10.77.0.1/32'] } });
  bench.settle();
  bench.network.addFault({ effect: 'drop', to: firstAddress });
  startPings(bench.clock, bench.server.inner, tunnelAddresses.clientInner, 500);
  bench.clock.runFor(30_100);
  const before = bench.status();
  bench.clock.runFor(30_000);
  const after = bench.status();
  return {
    rxBytes: after.rxBytes - before.rxBytes,
    handshakeMovedS: after.latestHandshakeS - before.latestHandshakeS,
  };
}

/** By how much the server's latest handshake moved after a probe with the client's key. */
function probeMoves(seed: number, confirm: boolean): number {
  const bench = createBench(seed, go);
  bench.settle();
  const before = bench.serverStatus().latestHandshakeS;
  const probe = probeFrom(bench.client.host, 40_000);
  probe.send(firstAddress, tunnelKeys.client, confirm);
  bench.clock.runFor(100);
  return Math.sign(bench.serverStatus().latestHandshakeS - before);
}

/** Section A of facts/wireguard.md, measured on wireguard-go. */
export const rowsA: readonly Row[] = [
  {
    id: 'A.2-1',
    what: 'datagram to a closed inner port: rx grows by',
    unit: 'bytes',
    measured: [96, 96],
    tolerance: exact,
    run: (seed) => closedPort(seed).bytes,
  },
  {
    id: 'A.2-2',
    what: '… after',
    unit: 'ms',
    measured: [2, 2],
    tolerance: veth,
    run: (seed) => closedPort(seed).afterMs,
  },
  {
    id: 'A.2-3',
    what: 'datagram to an inner address nobody has: rx grows by',
    unit: 'bytes',
    measured: [32, 32],
    tolerance: exact,
    run: (seed) => missingHost(seed).bytes,
  },
  {
    id: 'A.2-4',
    what: '… after',
    unit: 'ms',
    measured: [10_003, 10_003],
    tolerance: veth,
    run: (seed) => missingHost(seed).afterMs,
  },
  {
    id: 'A.2-5',
    what: 'datagram whose hop limit ends at the peer: rx grows by',
    unit: 'bytes',
    measured: [96, 96],
    tolerance: exact,
    run: (seed) => hopLimit(seed).bytes,
  },
  {
    id: 'A.2-6',
    what: '… after',
    unit: 'ms',
    measured: [5, 5],
    tolerance: veth,
    run: (seed) => hopLimit(seed).afterMs,
  },
  {
    id: 'A.3-1',
    what: 'server restarted, client pings: answers again after',
    unit: 'ms',
    measured: [15_160, 15_160],
    tolerance: within(360, 'one sample of 15.0 to 15.33 s (jitter), and the pings are 100 ms apart'),
    run(seed) {
      const bench = createBench(seed, go);
      bench.settle();
      const traffic = bench.pings(100);
      bench.clock.runFor(500);
      bench.server.device.restart();
      const answered = traffic.answered();
      return bench.until(() => traffic.answered() > answered);
    },
  },
  {
    id: 'A.3-2',
    what: 'path dead, only keepalive 25: handshake to first new initiation',
    unit: 'ms',
    measured: [125_000, 125_000],
    tolerance: oneSecondLog,
    run(seed) {
      const bench = createBench(seed, go);
      const beganMs = bench.clock.nowMs();
      bench.client.device.set(tunnelKeys.server, { persistentKeepaliveS: 25 });
      bench.clock.runFor(20_000);
      bench.cut();
      bench.until(() => bench.packets({ kind: 'initiation', sinceMs: beganMs + 1 }).length > 0);
      return bench.clock.nowMs() - beganMs;
    },
  },
  {
    id: 'A.4-1',
    what: 'one packet into a dead path: initiations',
    unit: 'packets',
    measured: [20, 20],
    tolerance: exact,
    run: (seed) => giveUp(seed, 0, 400_000).length,
  },
  {
    id: 'A.4-2',
    what: '… from the first to the last',
    unit: 'ms',
    measured: [98_000, 98_000],
    tolerance: within(2_500, 'nineteen times 5 s and 0 to 334 ms each (4 sigma), a log with whole seconds'),
    run(seed) {
      const times = giveUp(seed, 0, 400_000);
      return (times.at(-1) ?? 0) - (times[0] ?? 0);
    },
  },
  {
    id: 'A.4-3',
    what: 'with keepalive 25: last initiation before it gives up to the next',
    unit: 'ms',
    measured: [25_000, 25_000],
    tolerance: oneSecondLog,
    run(seed) {
      const times = giveUp(seed, 25, 300_000);
      return (times[20] ?? 0) - (times[19] ?? 0);
    },
  },
  {
    id: 'A.5-1',
    what: 'we do not get through, the peer pings each 500 ms: our rx grows in 30 s by',
    unit: 'bytes',
    measured: [8_568, 8_568],
    tolerance: {
      below: 148 + 128,
      above: 128,
      why: 'five or six initiations and one ping more or less fall in 30 s',
    },
    run: (seed) => oneWay(seed).rxBytes,
  },
  {
    id: 'A.5-2',
    what: '… and latest handshake moves by',
    unit: 'times',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => oneWay(seed).handshakeMovedS,
  },
  {
    id: 'A.6-1',
    what: 'a probe that is not confirmed moves the responder’s latest handshake',
    unit: 'times',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => probeMoves(seed, false),
  },
  {
    id: 'A.6-2',
    what: '… a confirmed one does',
    unit: 'times',
    measured: [1, 1],
    tolerance: exact,
    run: (seed) => probeMoves(seed, true),
  },
];

/** What of section A is not in the model. */
export const unrepresentedA: readonly UnrepresentedRow[] = [
  {
    id: 'A.1 to A.6, boringtun',
    what: 'its timers, counters and ages',
    reason: 'wg-reach refuses boringtun before the first write (design §5)',
  },
  {
    id: 'A.4 gave up',
    what: 'the log line 103 s after the first initiation',
    reason: 'a log line; what can be seen of it, the silence afterwards, is A.4-1',
  },
  { id: 'A.6, Mullvad and Tailscale', what: 'their production numbers', reason: 'other programs’ choices' },
];
