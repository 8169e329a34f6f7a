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

/**
 * Makes such weather on all paths of a tunnel, for ever. `gapMs`: how long nothing gets through in a burst, each time.
 * Bursts hit the preferred path only: the other one stays good, and would be taken.
 */
export function makeWeather(world: ManagedTunnel, weather: Weather, gapMs: number): void {
  const { network, server, clock, random } = world;
  switch (weather) {
    case 'loss':
      network.setPath('*', '*', { lossRate: 0.02 });
      break;
    case 'bursts':
      // Two within a few seconds would be a longer gap than was promised to be tolerated.
      gaps(world, { meanMs: 20_000, leastMs: 10_000, forMs: gapMs }, serverAt.v6Address);
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
      gaps(world, { meanMs: 3 * hourMs, leastMs: 60_000, forMs: 30_000 });
      break;
  }
}

/** Now and then, at least so far apart, nothing gets through to an address (or at all). */
function gaps(
  { network, clock, random }: ManagedTunnel,
  { meanMs, leastMs, forMs }: { readonly meanMs: number; readonly leastMs: number; readonly forMs: number },
  address?: string,
): void {
  const mine = random.split('gaps');
  const begin = (): void => {
    if (address === undefined) clock.after(forMs, network.addFault({ effect: 'drop' }), undefined);
    else {
      clock.after(forMs, network.addFault({ effect: 'drop', from: address }), undefined);
      clock.after(forMs, network.addFault({ effect: 'drop', to: address }), undefined);
    }
    clock.after(forMs + leastMs + mine.exponential(meanMs), begin, undefined);
  };
  clock.after(mine.exponential(meanMs), begin, undefined);
}
