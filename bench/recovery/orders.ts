import { seededRandom } from '../../lab/forwarder/random.ts';
import type { Contender } from './contender.ts';
import { wgReach } from './contender.ts';
import type { RecoveryRow } from './row.ts';
import { trialsOf } from './row.ts';
import type { TrialOrder } from './trial.ts';

/** One contender in one row: a line of the table. */
export interface Series {
  readonly row: RecoveryRow;
  readonly contender: Contender;
  readonly trials: number;
  readonly cutOffMs: number;
}

/** How many trials there are to be. */
export interface TrialCounts {
  /** Of `wg-reach` in rows of up to 5 s, and in the others. */
  readonly short: number;
  readonly long: number;
  readonly rivals: number;
}

/** Eight times the target, at least a minute: who needs longer has failed, whatever the figure would be. */
const cutOffFactor = 8;
const leastCutOffMs = 60_000;
/** Beyond the article's 67 s and the 135 + 30 s that reresolve-dns.sh needs where it can help. */
export const rivalCutOffMs = 180_000;

/** The lines of the table, in order. */
export function planSeries(
  rows: readonly RecoveryRow[],
  rivals: readonly Contender[],
  counts: TrialCounts,
): readonly Series[] {
  return rows.flatMap((row) => [
    {
      row,
      contender: wgReach,
      trials: trialsOf(row, counts),
      cutOffMs: Math.max(leastCutOffMs, row.targetMs * cutOffFactor),
    },
    ...(row.withRivals && counts.rivals > 0 ? rivals : []).map((contender) => ({
      row,
      contender,
      trials: counts.rivals,
      cutOffMs: rivalCutOffMs,
    })),
  ]);
}

/**
 * All trials of all lines. Those of a row stand together, as they can share labs. Each trial has a random sequence of
 * its own, which follows from the seed and not from the order in which they happen to be made.
 */
export function ordersOf(series: readonly Series[], seed: number, directory: string): readonly TrialOrder[] {
  const rows = [...new Set(series.map(({ row }) => row))];
  return rows.flatMap((row) =>
    series
      .filter((each) => each.row === row)
      .flatMap(({ contender, trials, cutOffMs }) =>
        Array.from({ length: trials }, (_, index) => {
          const name = `${row.name}-${contender.name}-${index + 1}`;
          return {
            row,
            contender,
            trial: index + 1,
            cutOffMs,
            random: seededRandom(mix(seed, name)),
            directory: `${directory}/${name}`,
          };
        }),
      ),
  );
}

/** FNV-1a of the seed and a name: a seed of its own for each name. */
function mix(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
