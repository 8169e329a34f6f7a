import { Worker } from 'node:worker_threads';
import type { Profile } from '../../src/core/profile.ts';
import { type LivingDay, liveDay } from '../living-day.ts';
import type { Weather } from '../weather.ts';

/** One row of the table of false alarms. */
export interface Row {
  readonly weather: Weather;
  readonly profile: Profile['name'];
}

/** Shows one day of a row, with a trace; false if a living path was left. */
export function replayDay({ weather, profile }: Row, seed: number): boolean {
  const day = liveDay({ weather, profile, seed, write: (line) => console.log(line) });
  console.log(rowText({ weather, profile }, [day]));
  return day.left === 0;
}

/** Lives days 1 to `days` of a row on so many cores, and says what came of it; false if a living path was left. */
export async function liveRow(row: Row, days: number, workers: number): Promise<boolean> {
  const shares = Array.from({ length: Math.min(workers, days) }, (_, share) =>
    liveShare(row, share, workers, days),
  );
  const lived = (await Promise.all(shares)).flat();
  console.log(rowText(row, lived));
  return lived.every((day) => day.left === 0);
}

function liveShare(row: Row, share: number, step: number, days: number): Promise<LivingDay[]> {
  return new Promise((resolve, reject) => {
    const lived: LivingDay[] = [];
    const worker = new Worker(new URL('./row-worker.js', import.meta.url), {
      workerData: { ...row, first: 1 + share, step, last: days },
    });
    worker.on('message', (day: LivingDay) => lived.push(day));
    worker.on('error', reject);
    worker.on('exit', () => resolve(lived));
  });
}

function rowText({ weather, profile }: Row, days: readonly LivingDay[]): string {
  const sum = (of: (day: LivingDay) => number): number => days.reduce((total, day) => total + of(day), 0);
  const bad = days.filter((day) => day.left > 0).map((day) => day.seed);
  const repeat = `npm run sim -- --row ${weather} --profile ${profile}`;
  const lines = [
    `${weather}, ${profile}: ${days.length} simulated days, the living path was left ${sum((day) => day.left)} times`,
    `  other endpoints set for a moment: ${sum((day) => day.trials)}; moved by a real outage: ${sum((day) => day.movedByOutage)}`,
    bad.length === 0
      ? `  repeat: ${repeat} --days ${days.length}`
      : `  on the days ${bad.join(' ')}; see one: ${repeat} --seed ${bad[0]}`,
  ];
  return lines.join('\n');
}
