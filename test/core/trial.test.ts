import { describe, expect, it } from 'vitest';
import { type Assessment, beginAssessment, noteEchoSent } from '../../src/core/assessment.ts';
import { ours } from '../../src/core/constants.ts';
import { createRto } from '../../src/core/rto.ts';
import { judgeTrial, type Pass, trialTimeoutMs } from '../../src/core/trial.ts';
import { v6 } from './world.ts';

const baseline = { endpoint: v6, rxBytes: 0, txBytes: 0, latestHandshakeS: 1, rxFrameErrors: 0 };

function trial(change: Partial<Assessment> = {}): Assessment {
  const assessment = beginAssessment(1, v6, baseline, 0);
  noteEchoSent(assessment, 1, 0);
  return Object.assign(assessment, change);
}

/** The counters were read a moment ago, unless the assessment says otherwise. */
function judge(pass: Pass, nowMs: number, told = trial(), rtoMs = 700, session = true) {
  const assessment = told.lastAtMs > 0 ? told : { ...told, lastAtMs: nowMs };
  return judgeTrial({ assessment, pass, session, rtoMs, reverted: false }, nowMs).kind;
}

describe('a trial', () => {
  it('is over at once when the candidate is proven', () => {
    const proof = { kind: 'echo', endpoint: v6, atMs: 5, rttMs: 5 } as const;
    for (const pass of ['quick', 'slow', 'fail-back'] as const)
      expect(judge(pass, 99_999, trial({ proof }))).toBe('proven');
  });

  it('lasts one time-out in the quick pass', () => {
    expect(judge('quick', 699)).toBe('pending');
    expect(judge('quick', 700)).toBe('failed');
  });

  it('never keeps a live tunnel dark for more than two seconds in a fail-back', () => {
    expect(judge('fail-back', 700)).toBe('failed');
    expect(judge('fail-back', ours.failbackDwellMaxMs - 1, trial(), 5_000)).toBe('pending');
    expect(judge('fail-back', ours.failbackDwellMaxMs, trial(), 5_000)).toBe('failed');
  });

  it('waits in the slow pass for the answer to an initiation, with at least a second of patience', () => {
    const seen = trial({ initiationSeenAtMs: 5_300 });
    expect(judge('slow', 5_300 + ours.initialRtoMs - 1, seen)).toBe('pending');
    expect(judge('slow', 5_300 + ours.initialRtoMs, seen)).toBe('failed');
    expect(judge('slow', 5_300 + 2_999, seen, 3_000)).toBe('pending');
  });

  it('lasts a whole handshake interval in the slow pass without a session', () => {
    expect(judge('slow', ours.slowDwellMs + 699, trial(), 700, false)).toBe('pending');
    expect(judge('slow', ours.slowDwellMs + 700, trial(), 700, false)).toBe('failed');
  });

  it('lasts until the answer is overdue in the slow pass with a session', () => {
    expect(judge('slow', ours.passiveKeepaliveLatestMs + 699)).toBe('pending');
    expect(judge('slow', ours.passiveKeepaliveLatestMs + 700)).toBe('failed');
    const nothingSent = trial({ unansweredPacketAtMs: null });
    expect(judge('slow', ours.passiveKeepaliveLatestMs + 699, nothingSent)).toBe('pending');
    expect(judge('slow', ours.passiveKeepaliveLatestMs + 700, nothingSent)).toBe('failed');
  });

  it('takes what could not be read for no silence in the slow pass, as long as a program may take', () => {
    const overdueMs = ours.passiveKeepaliveLatestMs + 700;
    const unread = trial({ lastAtMs: overdueMs - 1 });
    expect(judge('slow', overdueMs + ours.readingPatienceMs - 1, unread)).toBe('pending');
    expect(judge('slow', overdueMs + ours.readingPatienceMs, unread)).toBe('failed');
  });

  it('names the old path as the reason where that took the endpoint back', () => {
    const input = { assessment: trial(), pass: 'quick', session: true, rtoMs: 700, reverted: true } as const;
    expect(judgeTrial(input, 700)).toEqual({
      kind: 'failed',
      reason: 'the old path is alive and took the endpoint back',
    });
  });
});

describe('the time-out of a trial', () => {
  it('comes from the tunnel, else from the ping, else from the first guess', () => {
    const rto = createRto();
    expect(trialTimeoutMs('quick', rto, null)).toBe(ours.initialRtoMs);
    expect(trialTimeoutMs('quick', rto, 300)).toBe(900);
    rto.learn(500);
    expect(trialTimeoutMs('quick', rto, 20)).toBe(1_500);
  });

  it('has a floor and a ceiling', () => {
    expect(trialTimeoutMs('quick', createRto(), 1)).toBe(ours.minQuickDwellMs);
    expect(trialTimeoutMs('quick', createRto(), 60_000)).toBe(ours.maxRtoMs);
  });

  it('does not shorten the slow pass by a fast ping', () => {
    expect(trialTimeoutMs('slow', createRto(), 1)).toBe(ours.initialRtoMs);
  });
});
