import { describe, expect, it } from 'vitest';
import { ours } from '../../src/core/constants.ts';
import { type FailbackInput, failbackTarget, judgeFailback } from '../../src/core/failback.ts';
import { known } from './candidate-arbitrary.ts';
import { elsewhere, v4, v4b, v6, v6b } from './world.ts';

const both: FailbackInput = {
  current: v4,
  candidates: [known(v6), known(v4)],
  prefer: 'ipv6',
  memory: new Map(),
  unlistedForMs: null,
};

describe('the target of a fail-back', () => {
  it('is the first of the preferred family, and none where that is set already', () => {
    expect(failbackTarget(both)).toBe(v6);
    expect(failbackTarget({ ...both, current: v6 })).toBeNull();
    expect(failbackTarget({ ...both, prefer: 'ipv4' })).toBeNull();
    expect(failbackTarget({ ...both, prefer: 'listed' })).toBeNull();
    expect(failbackTarget({ ...both, candidates: [known(v4), known(v4b)] })).toBeNull();
  });

  it('is none that cannot be reached from outside the tunnel', () => {
    for (const route of ['in-tunnel', 'no-route'] as const)
      expect(failbackTarget({ ...both, candidates: [known(v6, { route }), known(v4)] })).toBeNull();
  });

  it('is offered again after ten minutes, doubled with each failure up to six hours', () => {
    const targetAfter = (triedAgoMs: number, failures: number) =>
      failbackTarget({ ...both, memory: new Map([[v6, { triedAgoMs, failures }]]) });
    for (const [failures, intervalMs] of [
      [0, ours.failbackIntervalMs],
      [1, 2 * ours.failbackIntervalMs],
      [3, 8 * ours.failbackIntervalMs],
      [6, ours.failbackIntervalMaxMs],
      [5_000, ours.failbackIntervalMaxMs],
    ] as const) {
      expect(targetAfter(intervalMs - 1, failures)).toBeNull();
      expect(targetAfter(intervalMs, failures)).toBe(v6);
    }
  });

  it('passes to the next of the family while the first is not due', () => {
    const candidates = [known(v6), known(v6b, { listIndex: 1 }), known(v4)];
    const memory = new Map([[v6, { triedAgoMs: 0, failures: 1 }]]);
    expect(failbackTarget({ ...both, candidates, memory })).toBe(v6b);
  });

  it('is any listed one once the current endpoint was gone from all answers for ten minutes', () => {
    const gone = { ...both, current: elsewhere, candidates: [known(v4)] };
    expect(failbackTarget(gone)).toBeNull();
    expect(failbackTarget({ ...gone, unlistedForMs: ours.unlistedGraceMs - 1 })).toBeNull();
    expect(failbackTarget({ ...gone, unlistedForMs: ours.unlistedGraceMs })).toBe(v4);
  });
});

describe('the verdict on a fail-back', () => {
  const question = { ...both, proofKind: 'echo' as const, graceEndsAtMs: () => null };

  it('waits for a ping that may still be answered, until its grace ends', () => {
    const asking = { ...question, graceEndsAtMs: () => 750 };
    expect(judgeFailback(asking, 749)).toEqual({ kind: 'wait', untilMs: 750 });
    expect(judgeFailback(asking, 750)).toEqual({ kind: 'offer', endpoint: v6 });
  });

  it('leaves the tunnel alone where nothing is to be offered', () => {
    expect(judgeFailback({ ...question, current: v6 }, 0)).toEqual({ kind: 'leave' });
  });

  it('offers a silent address only where an echo tells within a round trip', () => {
    const silent = { ...question, candidates: [known(v6, { hint: 'silent' }), known(v4)] };
    expect(judgeFailback(silent, 0).kind).toBe('offer');
    for (const proofKind of ['counters', 'handshake'] as const)
      expect(judgeFailback({ ...silent, proofKind }, 0).kind).toBe('leave');
    const answering = { ...question, candidates: [known(v6, { hint: 'reachable' }), known(v4)] };
    expect(judgeFailback({ ...answering, proofKind: 'counters' }, 0).kind).toBe('offer');
  });

  it('never offers an address that this host cannot send to', () => {
    const candidates = [known(v6, { hint: 'unroutable' }), known(v4)];
    expect(judgeFailback({ ...question, candidates }, 0).kind).toBe('leave');
  });

  it('is not made blindly to a candidate that failed within ten minutes, but at once if it answers a ping', () => {
    const nowMs = 10 * ours.failbackIntervalMs;
    const judge = (change: Parameters<typeof known>[1]) =>
      judgeFailback(
        { ...both, candidates: [known(v6, change), known(v4)], proofKind: 'echo', graceEndsAtMs: () => null },
        nowMs,
      ).kind;
    const lately = nowMs - ours.failbackIntervalMs + 1;
    expect(judge({ hint: 'silent', failedAtMs: lately })).toBe('leave');
    expect(judge({ hint: 'silent', failedAtMs: lately - 1 })).toBe('offer');
    expect(judge({ hint: 'silent' })).toBe('offer');
    expect(judge({ hint: 'reachable', failedAtMs: lately })).toBe('offer');
  });
});
