import { describe, expect, it } from 'vitest';
import { liveDay } from '../../sim/living-day.ts';
import { weathers } from '../../sim/weather.ts';

/** `npm run sim -- --row NAME --days 100` lives more of them. */
const seeds = [1, 2];

describe.each(['fast', 'balanced'] as const)('a living path is not left (%s)', (profile) => {
  it.each(weathers)('%s', { timeout: 120_000 }, (weather) => {
    const days = seeds.map((seed) => liveDay({ weather, profile, seed }));
    expect(days.filter((day) => day.left > 0)).toEqual([]);
  });
});
