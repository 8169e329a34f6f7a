import { tunnelAddresses, tunnelKeys } from '../../../sim/tunnel.ts';
import { type Bench, createBench } from './bench.ts';
import { exact, type Row, within } from './row.ts';

const wheel = within(120, 'the timer wheel adds 0 to 256 ms; a handful of samples does not reach both ends');

/** E2: the server drops everything inside; one datagram at that session age, by initiator or responder. */
function passive(
  seed: number,
  options: { readonly ageMs: number; readonly clientInitiates: boolean; readonly datagrams?: number },
): { readonly keepaliveMs: number; readonly rxBytes: number; readonly firstRxMs: number } {
  const bench = createBench(seed, 'kernel');
  const { clock, server } = bench;
  const endpoint = `${tunnelAddresses.client[0]}:${tunnelAddresses.port}`;
  server.device.set(tunnelKeys.client, { endpoint });
  const bornMs = clock.nowMs();
  if (options.clientInitiates) bench.ping();
  else server.inner.send({ kind: 'echo-request', target: tunnelAddresses.clientInner });
  clock.runFor(12_000);
  server.inner.setDropsEverything(true);
  clock.runUntil(bornMs + options.ageMs);
  const before = bench.status().rxBytes;
  const sinceMs = clock.nowMs();
  for (let index = 0; index < (options.datagrams ?? 1); index++) {
    clock.at(sinceMs + index * 1_000, bench.datagram, undefined);
  }
  bench.until(() => bench.status().rxBytes > before, 20_000);
  const firstRxMs = clock.nowMs() - sinceMs;
  bench.until(() => bench.packets({ from: 'server', kind: 'keepalive', sinceMs }).length > 0, 20_000);
  const keepaliveMs = clock.nowMs() - sinceMs;
  clock.runFor(100);
  return { keepaliveMs, rxBytes: bench.status().rxBytes - before, firstRxMs };
}

/** E6: keepalive 25 and nothing else. */
function idle(seed: number): Bench {
  const bench = createBench(seed, 'kernel');
  bench.client.device.set(tunnelKeys.server, { persistentKeepaliveS: 25 });
  bench.clock.runFor(1_000);
  return bench;
}

/** E2 and E6 of facts/kernel-vm.md: passive and persistent keepalives. */
export const rowsE2E6: readonly Row[] = [
  {
    id: 'E2a-1',
    what: 'datagram to a firewalled peer, session 18 s old: keepalive on the wire after',
    unit: 'ms',
    measured: [10_106, 10_215],
    tolerance: wheel,
    run: (seed) => passive(seed, { ageMs: 18_000, clientInitiates: true }).keepaliveMs,
  },
  {
    id: 'E2a-2',
    what: '… session 110 s old',
    unit: 'ms',
    measured: [10_106, 10_215],
    tolerance: wheel,
    run: (seed) => passive(seed, { ageMs: 109_000, clientInitiates: true }).keepaliveMs,
  },
  {
    id: 'E2a-3',
    what: '… fifteen of them, one a second: keepalive after the first',
    unit: 'ms',
    measured: [10_212, 10_212],
    tolerance: within(215, 'one sample of 10.0 to 10.26 s (timer wheel)'),
    run: (seed) => passive(seed, { ageMs: 18_000, clientInitiates: true, datagrams: 15 }).keepaliveMs,
  },
  {
    id: 'E2b-1',
    what: 'we were initiator, session 147 s old: rx +92 after',
    unit: 'ms',
    measured: [0, 11],
    tolerance: exact,
    run: (seed) => passive(seed, { ageMs: 147_000, clientInitiates: true }).firstRxMs,
  },
  {
    id: 'E2c-1',
    what: 'we were responder, session 147 s old: keepalive after',
    unit: 'ms',
    measured: [10_254, 10_254],
    tolerance: within(260, 'one sample of 10.0 to 10.26 s (timer wheel)'),
    run: (seed) => passive(seed, { ageMs: 147_000, clientInitiates: false }).keepaliveMs,
  },
  {
    id: 'E2c-2',
    what: '… and the peer rekeys: rx grows by',
    unit: 'bytes',
    measured: [212, 212],
    tolerance: exact,
    run: (seed) => passive(seed, { ageMs: 147_000, clientInitiates: false }).rxBytes,
  },
  {
    id: 'E2d-1',
    what: 'session expired (215 s): rx +92 after',
    unit: 'ms',
    measured: [0, 8],
    tolerance: exact,
    run: (seed) => passive(seed, { ageMs: 215_000, clientInitiates: true }).firstRxMs,
  },
  {
    id: 'E6-1',
    what: 'keepalive 25, idle: keepalives each',
    unit: 'ms',
    measured: [25_800, 26_700],
    tolerance: within(350, 'the timer wheel rounds 25 s up to the next 2.05 s'),
    run(seed) {
      const bench = idle(seed);
      const sinceMs = bench.clock.nowMs();
      bench.clock.runFor(100_000);
      const times = bench.packets({ from: 'client', kind: 'keepalive', sinceMs });
      return (times[2]?.atMs ?? 0) - (times[1]?.atMs ?? 0);
    },
  },
  {
    id: 'E6-2',
    what: '… the sender’s rx grows before the rekey by',
    unit: 'bytes',
    measured: [0, 0],
    tolerance: exact,
    run(seed) {
      const bench = idle(seed);
      const before = bench.status().rxBytes;
      bench.clock.runFor(115_000);
      return bench.status().rxBytes - before;
    },
  },
  {
    id: 'E6-3',
    what: '… path dead: keepalives in the next 60 s',
    unit: 'packets',
    measured: [2, 2],
    tolerance: { below: 0, above: 1, why: 'the phase of the death within 26 s' },
    run(seed) {
      const bench = idle(seed);
      bench.clock.runFor(5_000);
      bench.cut();
      const sinceMs = bench.clock.nowMs();
      bench.clock.runFor(60_000);
      return bench.packets({ from: 'client', kind: 'keepalive', sinceMs }).length;
    },
  },
  {
    id: 'E6-4',
    what: '… initiations in the next 60 s',
    unit: 'packets',
    measured: [0, 0],
    tolerance: exact,
    run(seed) {
      const bench = idle(seed);
      bench.clock.runFor(5_000);
      bench.cut();
      const sinceMs = bench.clock.nowMs();
      bench.clock.runFor(60_000);
      return bench.packets({ kind: 'initiation', sinceMs }).length;
    },
  },
];
