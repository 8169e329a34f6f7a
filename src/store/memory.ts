import type { FailbackMemory } from '../core/failback.ts';
import type { MachineSnapshot } from '../core/machine.ts';
import type { WatchSnapshot } from '../core/watch/watch-types.ts';
import type { FailbackState, PeerState } from './state.ts';

/** What earlier runs leave for this one, in the terms of the core. */
export interface Memory {
  readonly failbackMemory: ReadonlyMap<string, FailbackMemory>;
  readonly failedAtMs: ReadonlyMap<string, number>;
  /** For how long no answer has listed this endpoint; null if nothing is remembered. */
  readonly unlisted: { readonly endpoint: string; readonly forMs: number } | null;
}

/** A failed trial is of no interest after a day: networks change. */
const trialMemoryMs = 86_400_000;
/** Endpoints remembered for one peer; the oldest go first. */
const maxRemembered = 64;

/**
 * Translates what is on disk (wall clock) to the clock of this process. A time in the future, from a clock that was
 * wrong then or is wrong now, counts as just now.
 */
export function recall(state: PeerState | undefined, wallMs: number, monotonicMs: number): Memory {
  const agoMs = (atMs: number): number => Math.max(0, wallMs - atMs);
  const failback = Object.entries(state?.failback ?? {}).map(
    ([endpoint, { lastTriedAtMs, failures }]) =>
      [endpoint, { triedAgoMs: agoMs(lastTriedAtMs), failures }] as const,
  );
  const failed = Object.entries(state?.failedTrials ?? {})
    .filter(([, atMs]) => agoMs(atMs) < trialMemoryMs)
    .map(([endpoint, atMs]) => [endpoint, monotonicMs - agoMs(atMs)] as const);
  const unlisted = state?.unlisted;
  return {
    failbackMemory: new Map(failback),
    failedAtMs: new Map(failed),
    unlisted: unlisted ? { endpoint: unlisted.endpoint, forMs: agoMs(unlisted.sinceMs) } : null,
  };
}

/** Two conversions of the same moment differ by what the clocks drift apart meanwhile. */
const sameMomentMs = 2_000;

/**
 * The state to be kept for the next start of the daemon: when candidates were offered, and which trials failed. Times
 * that are on disk already stay as they are, so that the same knowledge gives the same state.
 */
export function rememberWatch(
  before: PeerState | undefined,
  { offers, candidates }: Pick<WatchSnapshot, 'offers' | 'candidates'>,
  wallMs: number,
  monotonicMs: number,
): PeerState {
  const wall = (atMs: number, known: number | undefined): number => {
    const now = Math.max(0, Math.round(wallMs - (monotonicMs - atMs)));
    return known !== undefined && Math.abs(known - now) < sameMomentMs ? known : now;
  };
  const failback: Record<string, FailbackState> = {};
  for (const [endpoint, { atMs, failures }] of offers) {
    failback[endpoint] = { lastTriedAtMs: wall(atMs, before?.failback?.[endpoint]?.lastTriedAtMs), failures };
  }
  const failedTrials: Record<string, number> = { ...before?.failedTrials };
  for (const { endpoint, failedAtMs } of candidates) {
    if (failedAtMs === null) delete failedTrials[endpoint];
    else failedTrials[endpoint] = wall(failedAtMs, before?.failedTrials?.[endpoint]);
  }
  return {
    ...before,
    ...(offers.size === 0 && before?.failback === undefined
      ? {}
      : { failback: newest(failback, (one) => one.lastTriedAtMs) }),
    ...(Object.keys(failedTrials).length === 0 && before?.failedTrials === undefined
      ? {}
      : { failedTrials: newest(failedTrials, (atMs) => atMs) }),
  };
}

/** What happened in this run that the next one should know. */
export interface Lesson {
  readonly snapshot: MachineSnapshot;
  /** How an offer of a preferred candidate ended, if one was made. */
  readonly failback: { readonly endpoint: string; readonly failed: boolean } | null;
  /** Whether the names were answered, so that an endpoint missing from the answers means something. */
  readonly namesAnswered: boolean;
}

/** The state to be kept for the next run; fields that this version does not know are kept as they are. */
export function remember(
  before: PeerState | undefined,
  lesson: Lesson,
  wallMs: number,
  monotonicMs: number,
): PeerState {
  const { snapshot } = lesson;
  const failback: Record<string, FailbackState> = { ...before?.failback };
  if (lesson.failback) {
    const before = failback[lesson.failback.endpoint]?.failures ?? 0;
    const failures = lesson.failback.failed ? before + 1 : 0;
    failback[lesson.failback.endpoint] = { lastTriedAtMs: wallMs, failures };
  }
  const failedTrials: Record<string, number> = { ...before?.failedTrials };
  for (const candidate of snapshot.candidates) {
    if (candidate.trial === 'proven') delete failedTrials[candidate.endpoint];
    if (candidate.trial === 'silent' && candidate.failedAtMs !== null) {
      failedTrials[candidate.endpoint] = Math.round(wallMs - (monotonicMs - candidate.failedAtMs));
    }
  }
  const { unlisted: _old, ...kept } = before ?? {};
  const unlisted = unlistedNow(before, lesson, wallMs);
  return {
    ...kept,
    failback: newest(failback, (one) => one.lastTriedAtMs),
    failedTrials: newest(failedTrials, (atMs) => atMs),
    ...(unlisted ? { unlisted } : {}),
  };
}

function unlistedNow(
  before: PeerState | undefined,
  { snapshot, namesAnswered }: Lesson,
  wallMs: number,
): PeerState['unlisted'] {
  const { endpoint } = snapshot;
  if (endpoint === null || snapshot.candidates.some((candidate) => candidate.endpoint === endpoint))
    return undefined;
  if (before?.unlisted?.endpoint === endpoint) return before.unlisted;
  return namesAnswered ? { endpoint, sinceMs: wallMs } : undefined;
}

function newest<Value>(record: Record<string, Value>, atMs: (value: Value) => number): Record<string, Value> {
  const entries = Object.entries(record).sort((a, b) => atMs(b[1]) - atMs(a[1]));
  return Object.fromEntries(entries.slice(0, maxRemembered));
}
