import { tunnelAddresses } from '../../../sim/tunnel.ts';
import { type Bench, createBench, firstAddress, secondAddress } from './bench.ts';
import { exact, type Row, within } from './row.ts';

const ipv6Server = tunnelAddresses.server[3];
const slowMachine = (ms: number) => ({
  below: ms,
  above: 1,
  why: 'the emulated machine is 10 to 20 times slower; the model has the wire alone, 2 ms each way',
});

/** A live session on IPv6, then IPv6 goes dark under pings each 10 ms. */
function ipv6Dies(seed: number, deadMs: number): { readonly bench: Bench; readonly deadSinceMs: number } {
  const bench = createBench(seed, 'kernel');
  bench.setEndpoint(ipv6Server);
  bench.settle();
  bench.pings(10);
  bench.clock.runFor(2_000);
  const deadSinceMs = bench.clock.nowMs();
  bench.network.addFault({ effect: 'drop', family: 6, protocol: 'udp' });
  bench.clock.runFor(deadMs);
  return { bench, deadSinceMs };
}

/** E1: dead for 5 s, then IPv4; what happened in the second after the set. */
function moveToIpv4(seed: number): {
  readonly replyMs: number;
  readonly handshakes: number;
  readonly moved: number;
} {
  const { bench } = ipv6Dies(seed, 5_000);
  const before = bench.status();
  const sinceMs = bench.clock.nowMs();
  bench.setEndpoint(firstAddress);
  const firstPacket = (): number | undefined =>
    bench.packets({ from: 'client', kind: 'data', sinceMs }).find((p) => p.destination === firstAddress)
      ?.atMs;
  bench.until(() => bench.packets({ from: 'server', kind: 'data', fate: 'delivered', sinceMs }).length > 0);
  const replyMs = bench.clock.nowMs() - (firstPacket() ?? 0);
  bench.clock.runFor(1_000);
  return {
    replyMs,
    handshakes: bench.packets({ kind: 'initiation', sinceMs }).length,
    moved: bench.status().latestHandshakeS - before.latestHandshakeS,
  };
}

/** E0, E1 and E1b of facts/kernel-vm.md: the first packet, and a live session whose path dies. */
export const rowsE0E1: readonly Row[] = [
  {
    id: 'E0-1',
    what: 'first packet: ping answered after',
    unit: 'ms',
    measured: [24, 54],
    tolerance: slowMachine(18),
    run(seed) {
      const bench = createBench(seed, 'kernel');
      bench.ping();
      return bench.until(() => bench.pingAnswersMs.length > 0);
    },
  },
  {
    id: 'E0-2',
    what: '… first three packets on the wire: initiation 148, response 92, data 128; in all',
    unit: 'bytes',
    measured: [368, 368],
    tolerance: exact,
    run(seed) {
      const bench = createBench(seed, 'kernel');
      bench.ping();
      bench.clock.runFor(5);
      return bench.packets().reduce((sum, packet) => sum + packet.bytes, 0);
    },
  },
  {
    id: 'E1-1',
    what: 'IPv6 dead for 5 s, set IPv4: first IPv4 packet to reply',
    unit: 'ms',
    measured: [1.5, 8.6],
    tolerance: exact,
    run: (seed) => moveToIpv4(seed).replyMs,
  },
  {
    id: 'E1-2',
    what: '… handshake packets',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => moveToIpv4(seed).handshakes,
  },
  {
    id: 'E1-3',
    what: '… latest handshake moves by',
    unit: 'times',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => moveToIpv4(seed).moved,
  },
  {
    id: 'E1-4',
    what: 'set on an idle live session: packets within 3 s',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run(seed) {
      const bench = createBench(seed, 'kernel');
      bench.settle();
      const sinceMs = bench.clock.nowMs();
      bench.setEndpoint(secondAddress);
      bench.clock.runFor(3_000);
      return bench.packets({ sinceMs }).length;
    },
  },
  {
    id: 'E1b-1',
    what: 'path dead under traffic: first initiation after',
    unit: 'ms',
    measured: [15_300, 15_300],
    tolerance: within(300, 'one sample of 15.0 to 15.59 s (jitter and timer wheel)'),
    run(seed) {
      const { bench, deadSinceMs } = ipv6Dies(seed, 20_000);
      return (
        (bench.packets({ from: 'client', kind: 'initiation', sinceMs: deadSinceMs })[0]?.atMs ?? 0) -
        deadSinceMs
      );
    },
  },
  {
    id: 'E1b-2',
    what: '… and then each',
    unit: 'ms',
    measured: [5_000, 5_400],
    tolerance: exact,
    run(seed) {
      const { bench, deadSinceMs } = ipv6Dies(seed, 26_500);
      const times = bench.packets({ from: 'client', kind: 'initiation', sinceMs: deadSinceMs });
      return (times[1]?.atMs ?? 0) - (times[0]?.atMs ?? 0);
    },
  },
  {
    id: 'E1b-3',
    what: 'dead for 25 s, set: first reply after',
    unit: 'ms',
    measured: [84, 122],
    tolerance: slowMachine(82),
    run(seed) {
      const { bench } = ipv6Dies(seed, 25_000);
      const sinceMs = bench.clock.nowMs();
      bench.setEndpoint(firstAddress);
      return bench.until(
        () => bench.packets({ from: 'server', kind: 'data', fate: 'delivered', sinceMs }).length > 0,
      );
    },
  },
];
