import type { ManagedTunnel } from './managed-tunnel.ts';
import { serverAt } from './managed-tunnel.ts';
import type { PathSettings } from './network/path.ts';
import { tunnelAddresses } from './tunnel.ts';

/** What a living path may look like without anybody having a reason to leave it. */
export type Weather = 'loss' | 'bursts' | 'slow' | 'slow-and-silent' | 'target-gone' | 'outages';

/** All of them. */
export const weathers: readonly Weather[] = [
  'loss',
  'bursts',
  'slow',
  'slow-and-silent',
  'target-gone',
  'outages',
];

/** 600 ms round trip, 300 ms of jitter, and now and then a peak of up to 5 s. */
const slow: Partial<PathSettings> = { delayMs: 150, jitterMs: 300, peak: { rate: 0.002, maxMs: 2_350 } };
const hourMs = 3_600_000;

/** Makes such weather on all paths of a tunnel, for ever. Bursts last as long as the profile has to tolerate. */
export function makeWeather(world: ManagedTunnel, weather: Weather, burstMs: number): void {
  const { network, server, clock, random } = world;
  switch (weather) {
    case 'loss':
      network.setPath('*', '*', { lossRate: 0.02 });
      break;
    case 'bursts':
      // Longer periods are cut off at the longest, so that half of the bursts are of full length.
      network.setPaths('*', serverAt.v6Address, {
        burst: { goodMs: 120_000, badMs: burstMs * 1.5, badMaxMs: burstMs, goodLoss: 0, badLoss: 1 },
      });
      break;
    case 'slow':
      network.setPath('*', '*', slow);
      break;
    case 'slow-and-silent':
      network.setPath('*', '*', slow);
      server.inner.setDropsEverything(true);
      break;
    case 'target-gone':
      clock.after(
        random.split('target').between(0, hourMs),
        () => server.inner.setTarget(tunnelAddresses.serverInner, 'silent'),
        undefined,
      );
      break;
    case 'outages':
      outages(world);
      break;
  }
}

/** Once in three hours or so nothing at all gets through for 30 s. */
function outages({ network, clock, random }: ManagedTunnel): void {
  const mine = random.split('outages');
  const begin = (): void => {
    clock.after(30_000, network.addFault({ effect: 'drop' }), undefined);
    clock.after(30_000 + mine.exponential(3 * hourMs), begin, undefined);
  };
  clock.after(mine.exponential(3 * hourMs), begin, undefined);
}
