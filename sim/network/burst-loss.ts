import type { Random } from '../random.ts';

/** Loss that comes in bursts (Gilbert–Elliott): the path is by turns good and bad, each for a random time. */
export interface BurstSettings {
  /** Mean length of a good period. */
  readonly goodMs: number;
  /** Mean length of a bad period. */
  readonly badMs: number;
  /** No bad period is longer than this. */
  readonly badMaxMs: number;
  /** The part of packets lost in a good period, and in a bad one. */
  readonly goodLoss: number;
  readonly badLoss: number;
}

/** Decides for each packet, in order of time, whether it is lost. */
export type BurstLoss = (nowMs: number) => boolean;

/** Makes the state of one path, good to begin with. */
export function createBurstLoss(settings: BurstSettings, random: Random, nowMs: number): BurstLoss {
  let bad = false;
  let changesAtMs = nowMs + random.exponential(settings.goodMs);
  return (atMs) => {
    while (changesAtMs <= atMs) {
      bad = !bad;
      changesAtMs += bad
        ? Math.min(random.exponential(settings.badMs), settings.badMaxMs)
        : random.exponential(settings.goodMs);
    }
    return random.chance(bad ? settings.badLoss : settings.goodLoss);
  };
}
