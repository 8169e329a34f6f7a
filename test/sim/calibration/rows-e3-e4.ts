import { endpointText, tunnelAddresses, tunnelKeys } from '../../../sim/tunnel.ts';
import { type Bench, createBench, secondAddress } from './bench.ts';
import { commandsTake, type Row, within } from './row.ts';

const nextPing = within(
  210,
  'one sample each of 5.0 to 5.21 s: the first ping after 5 s asks again, unless the retry timer was sooner',
);
const wheelAndJitter = within(320, 'jitter (0 to 332 ms) and timer wheel (0 to 256 ms): 15.0 to 15.59 s');

const serverPeer = { allowedIps: [`${tunnelAddresses.serverInner}/32`] };

/** E3: no session, a dead endpoint, pings 5/s, two initiations lost; then, at that phase, `act`. */
function noSession(seed: number, phaseMs: number, act: (bench: Bench) => void): { readonly afterMs: number } {
  const bench = createBench(seed, 'kernel');
  bench.cut();
  // Not quite 200 ms, or every fifth second's ping would hit the limit of 5 s to the microsecond.
  bench.pings(bench.random.split('ping').between(198, 202));
  bench.until(() => bench.packets({ from: 'client', kind: 'initiation' }).length === 3);
  bench.clock.runFor(phaseMs);
  const before = bench.status().latestHandshakeS;
  act(bench);
  return { afterMs: bench.until(() => bench.status().latestHandshakeS > before, 20_000) };
}

const toSecond = (bench: Bench): void => bench.setEndpoint(secondAddress);

const rowE3 = (phaseMs: number, rt: number, cloud: number): Row => ({
  id: `E3-${phaseMs}`,
  what: `no session, set ${phaseMs} ms after an initiation: that initiation to the handshake`,
  unit: 'ms',
  measured: [phaseMs + Math.min(rt, cloud), phaseMs + Math.max(rt, cloud)],
  tolerance: nextPing,
  run: (seed) => phaseMs + noSession(seed, phaseMs, toSecond).afterMs,
});

/** E4: the server forgot the session; first unanswered packet to the new handshake. */
function forgotten(seed: number, setAfterMs: number | null): number {
  const bench = createBench(seed, 'kernel');
  bench.settle();
  bench.server.device.reset(tunnelKeys.client, {
    allowedIps: [`${tunnelAddresses.clientInner}/32`],
    endpoint: endpointText(tunnelAddresses.client[0], tunnelAddresses.port),
  });
  const before = bench.status().latestHandshakeS;
  const beganMs = bench.clock.nowMs();
  bench.ping();
  if (setAfterMs !== null) {
    bench.clock.runFor(setAfterMs);
    bench.setEndpoint(secondAddress);
  }
  bench.until(() => bench.status().latestHandshakeS > before);
  return bench.clock.nowMs() - beganMs;
}

/** E3 and E4 of facts/kernel-vm.md: no session, or one that the peer has lost. */
export const rowsE3E4: readonly Row[] = [
  rowE3(300, 4_890, 4_900),
  rowE3(800, 4_410, 4_250),
  rowE3(1_300, 3_910, 3_900),
  rowE3(1_800, 3_210, 3_380),
  rowE3(2_300, 2_880, 2_740),
  rowE3(2_800, 2_410, 2_380),
  rowE3(3_300, 1_720, 1_890),
  rowE3(3_800, 1_400, 1_240),
  rowE3(4_300, 900, 810),
  rowE3(4_800, 400, 410),
  {
    id: 'E3b',
    what: 'peer removed and added in one command, any phase: handshake after',
    unit: 'ms',
    measured: [200, 320],
    tolerance: commandsTake(200),
    run: (seed) =>
      noSession(seed, 1_000, (bench) => {
        const endpoint = endpointText(secondAddress, tunnelAddresses.port);
        bench.client.device.reset(tunnelKeys.server, { ...serverPeer, endpoint });
      }).afterMs,
  },
  {
    id: 'E3c',
    what: 'keepalive 25 added to the set at 1 s: that initiation to the handshake',
    unit: 'ms',
    measured: [5_190, 5_190],
    tolerance: nextPing,
    run: (seed) =>
      1_000 +
      noSession(seed, 1_000, (bench) => bench.setEndpoint(secondAddress, { persistentKeepaliveS: 25 }))
        .afterMs,
  },
  {
    id: 'E3d',
    what: 'silent for more than 5 s before: first packet after the set to the response',
    unit: 'ms',
    measured: [10, 25],
    tolerance: commandsTake(8),
    run(seed) {
      const bench = createBench(seed, 'kernel');
      bench.cut();
      bench.setEndpoint(secondAddress);
      bench.clock.runFor(6_000);
      bench.ping();
      return bench.until(() => bench.packets({ kind: 'response', fate: 'delivered' }).length > 0);
    },
  },
  {
    id: 'E3e',
    what: 'set and interface down and up: handshake after',
    unit: 'ms',
    measured: [400, 400],
    tolerance: commandsTake(400),
    run: (seed) =>
      noSession(seed, 1_000, (bench) => {
        toSecond(bench);
        bench.client.device.setUp(false);
        bench.client.device.setUp(true);
      }).afterMs,
  },
  {
    id: 'E4-1',
    what: 'the peer lost the session: first unanswered packet to the handshake',
    unit: 'ms',
    measured: [15_280, 15_490],
    tolerance: wheelAndJitter,
    run: (seed) => forgotten(seed, null),
  },
  {
    id: 'E4-2',
    what: '… with a set 2 s after that packet',
    unit: 'ms',
    measured: [15_330, 15_460],
    tolerance: wheelAndJitter,
    run: (seed) => forgotten(seed, 2_000),
  },
];
