import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginRace, makeWay, nextTrial, type Race } from '../../src/core/race.ts';
import { anyCandidates, anyPreference, known } from './candidate-arbitrary.ts';
import { v4, v4b, v6 } from './world.ts';

/** All trials of a race over candidates that do not change. */
function runRace(race: Race, ...rest: Parameters<typeof nextTrial> extends [Race, ...infer R] ? R : never) {
  const trials: { endpoint: string; pass: string }[] = [];
  for (let next = nextTrial(race, ...rest); next; next = nextTrial(race, ...rest)) trials.push(next);
  return trials;
}

describe('a search', () => {
  it('tries each candidate once a pass, the quick pass first, never the origin, never inside the tunnel', () => {
    fc.assert(
      fc.property(anyCandidates, anyPreference, fc.nat(), fc.boolean(), (candidates, prefer, pick, quick) => {
        const origin = candidates[pick % Math.max(1, candidates.length)]?.endpoint ?? v6;
        const trials = runRace(beginRace(origin, 'full', quick), candidates, prefer);
        const usable = candidates
          .filter((one) => one.endpoint !== origin && one.route !== 'in-tunnel')
          .map((one) => one.endpoint);
        const triedIn = (pass: string) =>
          trials.filter((trial) => trial.pass === pass).map((trial) => trial.endpoint);
        expect(new Set(triedIn('slow'))).toEqual(new Set(usable));
        expect(new Set(triedIn('quick'))).toEqual(new Set(quick ? usable : []));
        expect(trials).toHaveLength(usable.length * (quick ? 2 : 1));
        const firstSlow = trials.findIndex((trial) => trial.pass === 'slow');
        if (firstSlow !== -1)
          expect(trials.slice(firstSlow).every((trial) => trial.pass === 'slow')).toBe(true);
      }),
    );
  });

  it('makes no slow trials while the origin may be alive', () => {
    const trials = runRace(beginRace(v6, 'quick', true), [known(v6), known(v4)], 'ipv6');
    expect(trials).toEqual([{ endpoint: v4, pass: 'quick' }]);
  });

  it('tries every candidate where no endpoint was set', () => {
    const trials = runRace(beginRace(null, 'full', false), [known(v6), known(v4)], 'ipv6');
    expect(trials.map((trial) => trial.endpoint)).toEqual([v6, v4]);
  });

  it('makes way for an address that comes during a slow trial, once, and then goes on', () => {
    const race = beginRace(v6, 'full', true);
    const slow = { endpoint: v4, pass: 'slow', fallback: null } as const;
    expect(nextTrial(race, [known(v4)], 'ipv6')).toEqual({ endpoint: v4, pass: 'quick' });
    expect(nextTrial(race, [known(v4)], 'ipv6')).toEqual({ endpoint: v4, pass: 'slow' });
    expect(makeWay(race, slow, [known(v4), known(v6)], true)).toBe(false);
    expect(makeWay(race, { ...slow, pass: 'quick' }, [known(v4), known(v4b)], true)).toBe(false);
    expect(makeWay(race, slow, [known(v4), known(v4b)], false)).toBe(false);
    expect(makeWay(race, slow, [known(v4), known(v4b, { route: 'unknown' })], true)).toBe(false);
    expect(makeWay(race, slow, [known(v4), known(v4b, { route: 'in-tunnel' })], true)).toBe(false);
    expect(makeWay(race, slow, [known(v4), known(v4b)], true)).toBe(true);
    expect(nextTrial(race, [known(v4), known(v4b)], 'ipv6')).toEqual({ endpoint: v4b, pass: 'quick' });
    expect(nextTrial(race, [known(v4), known(v4b)], 'ipv6')).toEqual({ endpoint: v4, pass: 'slow' });
    expect(makeWay(race, slow, [known(v4), known(v4b)], true)).toBe(false);
  });

  it('takes up candidates and hints that come while it runs', () => {
    const race = beginRace(v6, 'full', true);
    expect(nextTrial(race, [known(v4)], 'ipv6')).toEqual({ endpoint: v4, pass: 'quick' });
    expect(nextTrial(race, [known(v4), known(v4b)], 'ipv6')).toEqual({ endpoint: v4b, pass: 'quick' });
    const hinted = [known(v4), known(v4b, { hint: 'reachable' })];
    expect(nextTrial(race, hinted, 'ipv6')).toEqual({ endpoint: v4b, pass: 'slow' });
  });
});
