import type { Profile } from '../../src/core/profile.ts';
import type { Situation } from './situation.ts';
import { allDark, idleDark, ipv6Dark, moved, oneWay, rebuilt, silentPeer } from './situation.ts';

/** One row of the table of recovery times: a situation, a profile and what is promised. */
export interface RecoveryRow {
  /** For `--only`. */
  readonly name: string;
  readonly situation: Situation;
  readonly profile: Profile['name'];
  /** For the 95th percentile. */
  readonly targetMs: number;
  /** What a user would run instead is measured in this situation, too, once for all profiles. */
  readonly withRivals: boolean;
  /** Everything is dark for this long before the clock starts at the return of an address; null: see `Situation`. */
  readonly darkMs: number | null;
}

/** Rows promised within this time get the many trials, the others the few. */
const shortRowMs = 5_000;
/** A darkness of this length is the promised one. */
const promisedDarkMs = 3_600_000;

const row = (
  situation: Situation,
  profile: Profile['name'],
  targetMs: number,
  withRivals: boolean,
): RecoveryRow => ({
  name: `${situation.name}-${profile}`,
  situation,
  profile,
  targetMs,
  withRivals,
  darkMs: null,
});

/**
 * The rows, in the order of the table. An idle tunnel looks like any other to the rivals, which do not look at the
 * tunnel, so they are measured under traffic only.
 */
export const recoveryRows: readonly RecoveryRow[] = [
  row(ipv6Dark, 'fast', 2_500, true),
  row(ipv6Dark, 'balanced', 5_000, false),
  row(idleDark, 'fast', 3_000, false),
  row(idleDark, 'balanced', 15_000, false),
  row(silentPeer, 'balanced', 21_000, true),
  row(moved, 'fast', 4_000, true),
  row(rebuilt, 'fast', 25_000, true),
  row(oneWay, 'fast', 4_000, true),
];

/** The row of the long darkness; of another length than promised, it says so. */
export function darkRow(darkMs: number): RecoveryRow {
  return {
    name: 'all-dark',
    situation: {
      ...allDark,
      title: `everything dark for ${darkName(darkMs)}, then the parked address returns`,
    },
    profile: 'balanced',
    targetMs: 6_000,
    withRivals: false,
    darkMs,
  };
}

/** The darkness that the table of promises names. */
export const promisedDarkRow = darkRow(promisedDarkMs);

/** How many trials of `wg-reach` a row gets, given those for the short and for the other rows. */
export function trialsOf(row: RecoveryRow, given: { readonly short: number; readonly long: number }): number {
  return row.targetMs <= shortRowMs ? given.short : given.long;
}

function darkName(darkMs: number): string {
  if (darkMs === promisedDarkMs) return '1 h';
  return `${darkMs / 60_000} min (not the promised 1 h)`;
}
