import { describe, expect, it } from 'vitest';
import { failedCandidate, freshCandidate } from '../../src/core/candidate.ts';
import type { MachineSnapshot } from '../../src/core/machine.ts';
import { type Lesson, recall, remember, rememberWatch } from '../../src/store/memory.ts';

const v6 = '[2001:db8::1]:51820';
const v4 = '203.0.113.1:51820';
const wallMs = 1_800_000_000_000;

function lesson(endpoint: string, change: Partial<Lesson> = {}, failedAtMs: number | null = null): Lesson {
  const candidates = [v6, v4].map((each, listIndex) => ({
    ...freshCandidate({ endpoint: each, source: 'dns:vpn.example', nameIndex: 0, listIndex }),
    trial: each === v6 && failedAtMs !== null ? ('silent' as const) : null,
    failedAtMs: each === v6 ? failedAtMs : null,
  }));
  const snapshot: MachineSnapshot = { state: 'resting', generation: 0, endpoint, proof: null, candidates };
  return { snapshot, failback: null, namesAnswered: true, ...change };
}

describe('what one run leaves for the next', () => {
  it('keeps failed trials on the wall clock, and gives them back on the clock of the next process', () => {
    const state = remember(undefined, lesson(v4, {}, 5_000), wallMs, 8_000);
    expect(state.failedTrials).toEqual({ [v6]: wallMs - 3_000 });
    const memory = recall(state, wallMs + 60_000, 100);
    expect(memory.failedAtMs.get(v6)).toBe(100 - 63_000);
  });

  it('forgets a failed trial after a day, and takes one in the future for just now', () => {
    const state = { failedTrials: { [v6]: wallMs } };
    expect(recall(state, wallMs + 86_400_000, 0).failedAtMs.size).toBe(0);
    expect(recall(state, wallMs - 86_400_000, 0).failedAtMs.get(v6)).toBe(0);
  });

  it('counts failed offers in a row, but not one that a living old path undid', () => {
    const failed = { failback: { endpoint: v6, failed: true } };
    const once = remember(undefined, lesson(v4, failed), wallMs, 0);
    const twice = remember(once, lesson(v4, failed), wallMs + 1, 0);
    expect(twice.failback?.[v6]).toEqual({ lastTriedAtMs: wallMs + 1, failures: 2 });
    const undone = remember(twice, lesson(v4, { failback: { endpoint: v6, failed: false } }), wallMs + 2, 0);
    expect(undone.failback?.[v6]).toEqual({ lastTriedAtMs: wallMs + 2, failures: 0 });
  });

  it('notes since when an endpoint is unlisted, and only if the names were answered', () => {
    const elsewhere = '198.51.100.9:40000';
    const first = remember(undefined, lesson(elsewhere), wallMs, 0);
    expect(first.unlisted).toEqual({ endpoint: elsewhere, sinceMs: wallMs });
    expect(remember(first, lesson(elsewhere), wallMs + 5_000, 0).unlisted).toEqual(first.unlisted);
    expect(remember(first, lesson(v4), wallMs + 5_000, 0).unlisted).toBeUndefined();
    expect(
      remember(undefined, lesson(elsewhere, { namesAnswered: false }), wallMs, 0).unlisted,
    ).toBeUndefined();
  });
});

describe('what the daemon leaves for its next start', () => {
  const candidates = (failedAtMs: ReadonlyMap<string, number>) =>
    [v6, v4].map((endpoint, listIndex) =>
      failedCandidate({ endpoint, source: 'dns:vpn.example', nameIndex: 0, listIndex }, failedAtMs),
    );
  const nothing = { offers: new Map(), candidates: candidates(new Map()) };

  it('is nothing where nothing was learned', () => {
    expect(rememberWatch(undefined, nothing, wallMs, 0)).toEqual({});
    expect(rememberWatch({ lastGood: v4 }, nothing, wallMs, 0)).toEqual({ lastGood: v4 });
  });

  it('gives offers and failures back on the clock of the next process', () => {
    const learned = {
      offers: new Map([[v6, { atMs: 5_000, failures: 3 }]]),
      candidates: candidates(new Map([[v6, 6_000]])),
    };
    const state = rememberWatch({ lastGood: v4 }, learned, wallMs, 8_000);
    expect(state).toEqual({
      lastGood: v4,
      failback: { [v6]: { lastTriedAtMs: wallMs - 3_000, failures: 3 } },
      failedTrials: { [v6]: wallMs - 2_000 },
    });
    const memory = recall(state, wallMs + 60_000, 100);
    expect(memory.failbackMemory.get(v6)).toEqual({ triedAgoMs: 63_000, failures: 3 });
    expect(memory.failedAtMs.get(v6)).toBe(100 - 62_000);
  });

  it('stays the same to the letter while nothing new is learned and the clocks drift', () => {
    const learned = {
      offers: new Map([[v6, { atMs: 5_000, failures: 3 }]]),
      candidates: candidates(new Map([[v6, 6_000]])),
    };
    const first = rememberWatch(undefined, learned, wallMs, 8_000);
    expect(rememberWatch(first, learned, wallMs + 86_400_400, 86_408_000)).toEqual(first);
    const again = { ...learned, offers: new Map([[v6, { atMs: 700_000, failures: 4 }]]) };
    expect(rememberWatch(first, again, wallMs + 700_000, 708_000).failback?.[v6]).toEqual({
      lastTriedAtMs: wallMs + 692_000,
      failures: 4,
    });
  });

  it('forgets what does not count any more, and keeps what this host does not list now', () => {
    const before = {
      failback: { [v6]: { lastTriedAtMs: wallMs, failures: 2 } },
      failedTrials: { [v6]: wallMs, '198.51.100.9:51820': wallMs },
    };
    expect(rememberWatch(before, nothing, wallMs, 0)).toEqual({
      failback: {},
      failedTrials: { '198.51.100.9:51820': wallMs },
    });
  });
});
