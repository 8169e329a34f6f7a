import { startPings } from '../../../sim/inner/traffic.ts';
import { tunnelAddresses } from '../../../sim/tunnel.ts';
import { createBench, firstAddress } from './bench.ts';
import { exact, type Row } from './row.ts';

/** Section H of facts/wireguard.md: the traps found later. */
export const rowsH: readonly Row[] = [
  {
    id: 'H.1-1',
    what: 'errors from outside the allowed IPs for 28 s: rx grows by (kernel)',
    unit: 'bytes',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => foreignErrors(seed, 'kernel').rxBytes,
  },
  {
    id: 'H.1-2',
    what: '… frame errors, one for each of 28 packets',
    unit: 'packets',
    measured: [28, 28],
    tolerance: exact,
    run: (seed) => foreignErrors(seed, 'kernel').frameErrors,
  },
  {
    id: 'H.1-3',
    what: '… rx grows by (wireguard-go: 96 for each)',
    unit: 'bytes',
    measured: [28 * 96, 28 * 96],
    tolerance: exact,
    run: (seed) => foreignErrors(seed, 'wireguard-go').rxBytes,
  },
  {
    id: 'H.2-1',
    what: 'ping of our own inner address: rx grows by',
    unit: 'bytes',
    measured: [0, 0],
    tolerance: exact,
    run(seed) {
      const bench = createBench(seed, 'kernel', { clientPeer: { allowedIps: ['10.77.0.0/24'] } });
      bench.settle();
      const before = bench.status();
      bench.ping({ target: tunnelAddresses.clientInner });
      bench.clock.runFor(1_000);
      const after = bench.status();
      return after.rxBytes - before.rxBytes + (after.txBytes - before.txBytes);
    },
  },
  {
    id: 'H.3-1',
    what: 'route moved to a second uplink, the peer sends too: answers within 28 s',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run: (seed) => secondUplink(seed, 28_000, false),
  },
  {
    id: 'H.3-2',
    what: '… the same endpoint set again: answers at once',
    unit: 'times',
    measured: [1, 1],
    tolerance: exact,
    run: (seed) => Math.sign(secondUplink(seed, 28_000, true)),
  },
];

function foreignErrors(
  seed: number,
  implementation: 'kernel' | 'wireguard-go',
): { readonly rxBytes: number; readonly frameErrors: number } {
  const bench = createBench(seed, implementation, {
    clientPeer: { allowedIps: ['10.77.0.0/24', '10.88.0.0/24'] },
  });
  bench.server.inner.setTarget('10.88.0.9', 'error-outside');
  bench.settle();
  const before = bench.status();
  for (let index = 0; index < 28; index++) {
    bench.datagram('10.88.0.9');
    bench.clock.runFor(1_000);
  }
  const after = bench.status();
  return {
    rxBytes: after.rxBytes - before.rxBytes,
    frameErrors: (after.rxFrameErrors ?? 0) - (before.rxFrameErrors ?? 0),
  };
}

/** Answers the client gets after its route moved to another uplink while the old address stayed. */
function secondUplink(seed: number, forMs: number, setAgain: boolean): number {
  const bench = createBench(seed, 'kernel');
  const { clock, client, server } = bench;
  bench.settle();
  const traffic = bench.pings(500);
  startPings(clock, server.inner, tunnelAddresses.clientInner, 500);
  clock.runFor(2_000);
  client.host.uplink('eth1', { addresses: ['203.0.113.1'], metric: 50 });
  clock.runFor(100);
  const before = traffic.answered();
  clock.runFor(forMs);
  if (!setAgain) return traffic.answered() - before;
  const silent = traffic.answered();
  bench.setEndpoint(firstAddress);
  clock.runFor(600);
  return traffic.answered() - silent;
}
