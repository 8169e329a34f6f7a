import { expect, it } from 'vitest';
import { startPings } from '../../sim/inner/traffic.ts';
import { createTunnel, tunnelAddresses } from '../../sim/tunnel.ts';

/** An idle tunnel with keepalives and an echo each 5 s, for a simulated day. */
function simulateDay(seed: number): { readonly events: number; readonly answered: number } {
  const keepalive = { persistentKeepaliveS: 25 };
  const { clock, client } = createTunnel({ seed, clientPeer: keepalive, serverPeer: keepalive });
  const traffic = startPings(clock, client.inner, tunnelAddresses.serverInner, 5_000);
  clock.runUntil(86_400_000);
  return { events: clock.eventCount(), answered: traffic.answered() };
}

it('simulates a day of an idle tunnel fast enough for hundreds of them', () => {
  simulateDay(1);
  // CPU time of this process: other tests may be running beside it.
  const started = process.cpuUsage();
  const days = [2, 3, 4, 5, 6].map(simulateDay);
  const seconds = process.cpuUsage(started).user / 1_000_000;
  const events = days.reduce((sum, day) => sum + day.events, 0);
  console.log(
    `${Math.round(events / seconds).toLocaleString('en')} events per CPU second, ` +
      `${(days.length / seconds).toFixed(1)} days of ${Math.round(events / days.length)} events each`,
  );
  for (const day of days) expect(day.answered).toBe(86_400 / 5);
  // A small machine may be ten times slower; fifty times is a mistake in the queue.
  expect(events / seconds).toBeGreaterThan(20_000);
});
