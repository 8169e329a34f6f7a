import type { Profile } from '../../src/core/profile.ts';
import type { Weather } from './weather.ts';
import { loss, slow } from './weather.ts';

/** One row of the table of false alarms. */
export interface AlarmRow {
  /** For `--only`. */
  readonly name: string;
  readonly weather: Weather;
  readonly profile: Profile['name'];
  /** A ping each 200 ms goes through the tunnel; else nothing of ours does. */
  readonly traffic: boolean;
}

/** The rows, in the order of the table. All are measured at the same time, each in a lab of its own. */
export const alarmRows: readonly AlarmRow[] = [loss, slow].flatMap((weather) =>
  (['fast', 'balanced'] as const).flatMap((profile) =>
    [true, false].map((traffic) => ({
      name: `${weather.name}-${profile}-${traffic ? 'traffic' : 'idle'}`,
      weather,
      profile,
      traffic,
    })),
  ),
);
