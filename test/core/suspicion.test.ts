import { describe, expect, it } from 'vitest';
import { type Assessment, beginAssessment, noteEchoSent } from '../../src/core/assessment.ts';
import { ours, wireguard } from '../../src/core/constants.ts';
import { judgeSilence, type SuspicionInput } from '../../src/core/suspicion.ts';
import { v6 } from './world.ts';

const rtoMs = 1_000;
const baseline = { endpoint: v6, rxBytes: 0, txBytes: 0, latestHandshakeS: 1, rxFrameErrors: 0 };

function silent(change: Partial<Assessment> = {}): Assessment {
  const assessment = beginAssessment(1, v6, baseline, 0);
  for (let round = 1; round <= ours.lossesToDoubt + 1; round++) {
    assessment.rounds = round;
    noteEchoSent(assessment, round, (round - 1) * ours.echoSpacingMs);
  }
  return Object.assign(assessment, change);
}

/** The counters were read a moment ago, unless the assessment says otherwise. */
function judge(nowMs: number, assessment: Assessment = silent(), change: Partial<SuspicionInput> = {}) {
  return judgeSilence(
    {
      assessment: assessment.lastAtMs > 0 ? assessment : { ...assessment, lastAtMs: nowMs },
      session: true,
      rtoMs,
      overdue: false,
      pingLost: false,
      patient: false,
      quickReason: null,
      reassertAfterMs: ours.reassertAfterMs,
      canSend: true,
      noRoute: false,
      reasserted: true,
      ...change,
    },
    nowMs,
  );
}

describe('silence with a session', () => {
  const overdueMs = ours.passiveKeepaliveLatestMs + rtoMs;

  it('condemns when the answer that was owed is overdue, not before', () => {
    expect(judge(overdueMs - 1).kind).toBe('wait');
    expect(judge(overdueMs)).toMatchObject({ kind: 'condemned', early: false });
  });

  it('takes what could not be read for no silence', () => {
    const unread = silent({ lastAtMs: overdueMs - 1 });
    expect(judge(overdueMs, unread).kind).toBe('wait');
    expect(judge(overdueMs + ours.readingPatienceMs, unread)).toMatchObject({
      kind: 'undecided',
      heard: false,
    });
  });

  it('waits for several answers where one may have been lost, unless pings say the same', () => {
    const patient = { patient: true, overdue: true };
    expect(judge(overdueMs, silent(), patient).kind).toBe('wait');
    // 10.6 s were missed before this look began.
    const lookMs = 42_000 - ours.passiveKeepaliveLatestMs + rtoMs;
    expect(judge(lookMs - 1, silent(), patient).kind).toBe('wait');
    expect(judge(lookMs, silent(), patient).kind).toBe('condemned');
    expect(judge(42_000 + rtoMs, silent(), { patient: true }).kind).toBe('condemned');
    const initiated = silent({ initiationSeenAtMs: 4_500 });
    expect(judge(8_500, initiated, patient).kind).toBe('wait');
    expect(judge(8_499, initiated, { ...patient, pingLost: true }).kind).toBe('wait');
    expect(judge(8_500, initiated, { ...patient, pingLost: true }).kind).toBe('condemned');
  });

  it('does not condemn while an initiation may be answered', () => {
    const assessment = silent({ initiationSeenAtMs: overdueMs - 500 });
    expect(judge(overdueMs + 499, assessment).kind).toBe('wait');
    expect(judge(overdueMs + 500, assessment).kind).toBe('condemned');
  });

  it('condemns early only where something makes a quick trial worth while, after five lost rounds', () => {
    const fifthLostMs = (ours.lossesToDoubt - 1) * ours.echoSpacingMs + rtoMs;
    expect(judge(fifthLostMs, silent(), { quickReason: null }).kind).toBe('wait');
    expect(judge(fifthLostMs - 1, silent(), { quickReason: 'others answer' }).kind).toBe('wait');
    expect(judge(fifthLostMs, silent(), { quickReason: 'others answer' })).toMatchObject({
      kind: 'condemned',
      early: true,
    });
    for (const life of [{ rxGrewAtMs: 5 }, { frameErrorsGrew: true }])
      expect(judge(fifthLostMs, silent(life), { quickReason: 'others answer' }).kind).toBe('wait');
  });

  it('sets the same endpoint again after a second, once, and only where nothing was heard', () => {
    expect(judge(ours.reassertAfterMs - 1, silent(), { reasserted: false }).kind).toBe('wait');
    expect(judge(ours.reassertAfterMs, silent(), { reasserted: false }).kind).toBe('reassert');
    expect(judge(ours.reassertAfterMs).kind).toBe('wait');
    expect(judge(ours.reassertAfterMs, silent({ rxGrewAtMs: 5 }), { reasserted: false }).kind).toBe('wait');
  });

  it('stays undecided where something answers from outside the allowed IPs', () => {
    expect(judge(overdueMs, silent({ frameErrorsGrew: true })).kind).toBe('undecided');
  });

  it('waits for the counters that go with an answer, as long as a program may take', () => {
    const answered = { rttMs: 20, atMs: overdueMs };
    expect(judge(overdueMs + 250, silent({ answered, readingsSinceAnswer: 1 })).kind).toBe('wait');
    const readMs = overdueMs + ours.readingPatienceMs;
    expect(judge(readMs, silent({ answered, readingsSinceAnswer: 1 })).kind).toBe('undecided');
  });

  it('stays undecided where the target answers without the tunnel', () => {
    const answered = { rttMs: 0.1, atMs: 1 };
    expect(judge(overdueMs, silent({ answered })).kind).toBe('undecided');
    expect(judge(overdueMs, silent({ answered, last: { ...baseline, txBytes: 128 } })).kind).toBe(
      'condemned',
    );
  });

  it('stays undecided where the peer is heard for long, and never before', () => {
    const heard = silent({ rxGrewAtMs: 5, rxGrewOtherwise: true });
    expect(judge(ours.undecidedAfterMs - 1, heard).kind).toBe('wait');
    expect(judge(ours.undecidedAfterMs, heard).kind).toBe('undecided');
  });

  it('condemns on the second initiation of the peer', () => {
    expect(judge(2_000, silent({ rxInitiations: 1, rxGrewAtMs: 5 })).kind).toBe('wait');
    expect(judge(2_000, silent({ rxInitiations: 2, rxGrewAtMs: 5 })).kind).toBe('condemned');
  });
});

describe('silence without a session', () => {
  const none = { session: false };

  it('condemns when an initiation went unanswered for a time-out, not before', () => {
    const assessment = silent({ initiationSeenAtMs: 300 });
    expect(judge(300 + rtoMs - 1, assessment, none).kind).toBe('wait');
    expect(judge(300 + rtoMs, assessment, none).kind).toBe('condemned');
    expect(judge(300 + rtoMs, assessment, { ...none, rtoMs: 3_000 }).kind).toBe('wait');
  });

  it('waits for three more of them where the tunnel was alive until now', () => {
    const assessment = silent({ initiationSeenAtMs: 300 });
    const patient = { ...none, patient: true };
    const dueMs = 300 + 3 * (wireguard.rekeyTimeoutMs + wireguard.rekeyJitterMs) + rtoMs;
    expect(judge(dueMs - 1, assessment, patient).kind).toBe('wait');
    expect(judge(dueMs, assessment, patient).kind).toBe('condemned');
  });

  it('condemns after a whole handshake interval where none was seen', () => {
    expect(judge(ours.slowDwellMs + rtoMs - 1, silent(), none).kind).toBe('wait');
    expect(judge(ours.slowDwellMs + rtoMs, silent(), none).kind).toBe('condemned');
  });
});

describe('silence where nothing can be sent', () => {
  const unsent = (rounds: number) =>
    silent({ firstPacketAtMs: null, unansweredPacketAtMs: null, rounds, echoes: new Map() });

  it('decides nothing against a session, and condemns without one', () => {
    expect(judge(0, unsent(1), { canSend: false }).kind).toBe('undecided');
    expect(judge(0, unsent(1), { canSend: false, session: false }).kind).toBe('condemned');
  });

  it('waits for the last round where sending only fails so far', () => {
    expect(judge(0, unsent(ours.lossesToDoubt)).kind).toBe('wait');
    expect(judge(0, unsent(ours.lossesToDoubt + 1)).kind).toBe('undecided');
    expect(judge(0, unsent(ours.lossesToDoubt + 1), { session: false }).kind).toBe('condemned');
  });

  it('gives an endpoint up after a second where no route leads to it and nothing left, but only without a session', () => {
    const lost = { session: false, noRoute: true };
    expect(judge(ours.initialRtoMs - 1, silent(), lost).kind).toBe('wait');
    expect(judge(ours.initialRtoMs, silent(), lost).kind).toBe('condemned');
    expect(judge(ours.initialRtoMs, silent(), { ...lost, noRoute: false }).kind).toBe('wait');
    expect(judge(ours.initialRtoMs, silent(), { ...lost, session: true }).kind).toBe('wait');
  });
});
