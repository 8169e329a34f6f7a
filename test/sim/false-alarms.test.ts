import { describe, expect, it } from 'vitest';
import { startPings } from '../../sim/inner/traffic.ts';
import { createManagedTunnel, type ManagedTunnel, serverAt } from '../../sim/managed-tunnel.ts';
import { createTracer } from '../../sim/trace.ts';
import { tunnelAddresses } from '../../sim/tunnel.ts';
import { makeWeather, type Weather, weathers } from '../../sim/weather.ts';
import type { Profile } from '../../src/core/profile.ts';

const dayMs = 86_400_000;
/** An outage that has just ended may still end a search on the other address: that is no false alarm. */
const livingForMs = 20_000;
/** CPU seconds for each row; SIM_SECONDS=200 makes hundreds of days of it. */
const budgetS = Number(process.env.SIM_SECONDS ?? 4);

interface Day {
  /** Endpoints proven while the one before was alive. */
  readonly left: number;
  /** Times another endpoint was set for a moment. */
  readonly trials: number;
  readonly ended: string | null;
}

function simulateDay(weather: Weather, profile: Profile['name'], seed: number, busy: boolean): Day {
  const lines: string[] = [];
  const tracing = process.env.SIM_TRACE === `${weather},${profile},${seed}`;
  let left = 0;
  let trials = 0;
  let darkAtMs = Number.NEGATIVE_INFINITY;
  let proven: string | null = null;
  const tracer = createTracer({
    nowMs: () => world.clock.nowMs(),
    end: () => world.managed,
    write: (line) => {
      lines.push(line);
      if (lines.length > 200) lines.shift();
    },
  });
  const world: ManagedTunnel = createManagedTunnel({
    seed,
    profile,
    observer: {
      handled: (event) => tracing && tracer.handled?.(event),
      written(endpoint, action) {
        if (endpoint !== serverAt.v6) trials++;
        if (tracing) tracer.written?.(endpoint, action);
      },
      asked(action) {
        if (tracing) tracer.asked?.(action);
        if (action.type !== 'report' || action.fact.kind !== 'proven') return;
        const { endpoint } = action.fact.proof;
        const livedMs = world.clock.nowMs() - darkAtMs;
        if (proven === serverAt.v6 && endpoint !== serverAt.v6 && livedMs > livingForMs) {
          left++;
          if (tracing) throw new Error(lines.join('\n'));
        }
        proven = endpoint;
      },
    },
  });
  const { clock, network, client } = world;
  makeWeather(world, weather, profile === 'fast' ? 500 : 2_000);
  network.observe((fate) => {
    if (fate === 'blocked' && weather === 'outages') darkAtMs = clock.nowMs();
  });
  if (busy) startPings(clock, client.inner, tunnelAddresses.serverInner, 1_000);
  world.start();
  clock.runFor(dayMs);
  return { left, trials, ended: world.managed.endpoint() };
}

describe.each(['fast', 'balanced'] as const)('a living path is not left (%s)', (profile) => {
  it.each(weathers)('%s', { timeout: 60_000 + 3_000 * budgetS }, (weather) => {
    const days: (Day & { readonly seed: number })[] = [];
    const begun = process.cpuUsage();
    while (process.cpuUsage(begun).user < budgetS * 1_000_000) {
      const seed = days.length + 1;
      days.push({ seed, ...simulateDay(weather, profile, seed, seed % 2 === 0) });
    }
    const sum = (of: (day: Day) => number): number => days.reduce((total, day) => total + of(day), 0);
    console.log(
      `${weather} (${profile}): ${days.length} days, ${sum((day) => day.trials)} moments on another endpoint, ` +
        `left ${sum((day) => day.left)} times`,
    );
    expect(days.filter((day) => day.left > 0)).toEqual([]);
  });
});
