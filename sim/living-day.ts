import type { Profile } from '../src/core/profile.ts';
import { startPings } from './inner/traffic.ts';
import { createManagedTunnel, type ManagedTunnel, serverAt } from './managed-tunnel.ts';
import { createTracer } from './trace.ts';
import { tunnelAddresses } from './tunnel.ts';
import { makeWeather, type Weather } from './weather.ts';

/** What became of a day in which nobody had a reason to leave the path. */
export interface LivingDay {
  readonly seed: number;
  /** Endpoints that were proven while the one before was alive: false alarms. */
  readonly left: number;
  /** Endpoints that were proven right after a real outage, which a search had begun in. */
  readonly movedByOutage: number;
  /** Times another endpoint was set for a moment. */
  readonly trials: number;
}

/** Which day. */
export interface LivingDayOptions {
  readonly weather: Weather;
  readonly profile: Profile['name'];
  readonly seed: number;
  /** Gets a readable trace, a line at a time. */
  readonly write?: (line: string) => void;
}

const dayMs = 86_400_000;
/** The longest gap that a profile promises to tolerate. */
const gapMs: { readonly [Name in Profile['name']]: number } = { fast: 500, balanced: 2_000, metered: 2_000 };
/** An outage that has just ended may still end a search on the other address: that is no false alarm. */
const livingForMs = 20_000;

/** Lives one day on the preferred address, with a second one alive beside it. Somebody pings on odd days. */
export function liveDay({ weather, profile, seed, write }: LivingDayOptions): LivingDay {
  let left = 0;
  let movedByOutage = 0;
  let trials = 0;
  let darkAtMs = Number.NEGATIVE_INFINITY;
  let proven: string | null = null;
  const tracer = write && createTracer({ nowMs: () => world.clock.nowMs(), end: () => world.managed, write });
  const world: ManagedTunnel = createManagedTunnel({
    seed,
    profile,
    observer: {
      ...(tracer?.handled && { handled: tracer.handled }),
      written(endpoint, action) {
        if (endpoint !== serverAt.v6) trials++;
        tracer?.written?.(endpoint, action);
      },
      asked(action) {
        tracer?.asked?.(action);
        if (action.type !== 'report' || action.fact.kind !== 'proven') return;
        const { endpoint } = action.fact.proof;
        if (proven === serverAt.v6 && endpoint !== serverAt.v6) {
          const afterOutage = world.clock.nowMs() - darkAtMs <= livingForMs;
          if (afterOutage) movedByOutage++;
          else left++;
          write?.(`## ${serverAt.v6} was left ${afterOutage ? 'after an outage' : 'though it is alive'}`);
        }
        proven = endpoint;
      },
    },
  });
  const { clock, network, client } = world;
  makeWeather(world, weather, gapMs[profile]);
  if (weather === 'outages')
    network.observe((fate) => {
      if (fate === 'blocked') darkAtMs = clock.nowMs();
    });
  if (seed % 2 === 1) startPings(clock, client.inner, tunnelAddresses.serverInner, 1_000);
  world.start();
  clock.runFor(dayMs);
  return { seed, left, movedByOutage, trials };
}
