import { describe, expect, it } from 'vitest';
import {
  type Assessment,
  answerOverdueAtMs,
  beginAssessment,
  hadSession,
  lostRounds,
  noteEchoFailed,
  noteEchoSent,
  noteObservation,
  rebase,
} from '../../src/core/assessment.ts';
import { ours, wireguard } from '../../src/core/constants.ts';
import type { Observation } from '../../src/core/observation.ts';
import { v6 } from './world.ts';

const base: Observation = {
  endpoint: v6,
  rxBytes: 1_000,
  txBytes: 2_000,
  latestHandshakeS: 1_800_000_000,
  rxFrameErrors: 5,
};
const rtoMs = 1_000;

function begun(): Assessment {
  const assessment = beginAssessment(1, v6, base, 0);
  assessment.rounds = 1;
  noteEchoSent(assessment, 1, 0);
  return assessment;
}

function observed(assessment: Assessment, nowMs: number, change: Partial<Observation> = {}): Assessment {
  noteObservation(assessment, { ...assessment.last, ...change }, rtoMs, nowMs);
  return assessment;
}

describe('another endpoint meanwhile', () => {
  it('a handshake that was completed over that one proves nothing of this one', () => {
    const assessment = begun();
    const handshake = { latestHandshakeS: base.latestHandshakeS + 5, rxBytes: base.rxBytes + 92 };
    rebase(assessment, { ...base, ...handshake }, 500);
    expect(observed(assessment, 750).proof).toBeNull();
    const again = { latestHandshakeS: base.latestHandshakeS + 9 };
    expect(observed(assessment, 1_000, again).proof?.kind).toBe('handshake');
  });

  it('a reading that was overtaken by a later one is none', () => {
    const assessment = begun();
    observed(assessment, 500, { readAtMs: 450 });
    observed(assessment, 600, { readAtMs: 300, latestHandshakeS: base.latestHandshakeS + 5 });
    expect(assessment.proof).toBeNull();
  });
});

describe('an echo', () => {
  it('proves only once the counters of the peer have moved', () => {
    const assessment = begun();
    assessment.answered = { rttMs: 20, atMs: 20 };
    expect(observed(assessment, 25).proof).toBeNull();
    expect(observed(assessment, 30, { rxBytes: base.rxBytes + 128 }).proof).toEqual({
      kind: 'echo',
      endpoint: v6,
      atMs: 30,
      rttMs: 20,
    });
  });

  it('is lost at its time-out, not before, and counts once a round', () => {
    const assessment = begun();
    noteEchoSent(assessment, 2, 0);
    expect(lostRounds(assessment, rtoMs, rtoMs - 1)).toBe(0);
    expect(lostRounds(assessment, rtoMs, rtoMs)).toBe(1);
    assessment.rounds = 2;
    noteEchoSent(assessment, 3, 250);
    expect(lostRounds(assessment, rtoMs, rtoMs + 250)).toBe(2);
    assessment.answered = { rttMs: 20, atMs: 20 };
    expect(lostRounds(assessment, rtoMs, rtoMs + 250)).toBe(0);
  });

  it('that never left is owed nothing, while another one is', () => {
    const assessment = begun();
    noteEchoSent(assessment, 2, 0);
    noteEchoFailed(assessment, 2);
    expect(assessment.firstPacketAtMs).toBe(0);
    expect(answerOverdueAtMs(assessment, rtoMs)).toBe(ours.passiveKeepaliveLatestMs + rtoMs);
    noteEchoFailed(assessment, 1);
    expect(assessment.firstPacketAtMs).toBeNull();
    expect(answerOverdueAtMs(assessment, rtoMs)).toBeNull();
  });
});

describe('a handshake', () => {
  it('proves when it is newer than the one at the beginning', () => {
    const assessment = observed(begun(), 100, { latestHandshakeS: base.latestHandshakeS + 1 });
    expect(assessment.proof?.kind).toBe('handshake');
  });

  it('proves nothing when it is the same, or was forgotten', () => {
    expect(observed(begun(), 100).proof).toBeNull();
    expect(observed(begun(), 100, { latestHandshakeS: 0, rxBytes: 0, txBytes: 0 }).proof).toBeNull();
  });
});

describe('growth of the counters', () => {
  /** Reads every 250 ms without growth until just before `atMs`, then the growth. */
  function grown(atMs: number, bytes: number): Assessment {
    const assessment = begun();
    // The echo left.
    const txBytes = base.txBytes + 96;
    for (let ms = 250; ms < atMs; ms += 250) observed(assessment, ms, { txBytes });
    return observed(assessment, atMs, { rxBytes: base.rxBytes + bytes, txBytes });
  }

  it('proves when it comes when the peer owed it, at both ends of that time', () => {
    expect(grown(ours.passiveKeepaliveEarliestMs - 1, wireguard.keepaliveBytes).proof).toBeNull();
    expect(grown(ours.passiveKeepaliveEarliestMs, wireguard.keepaliveBytes).proof?.kind).toBe('counters');
    // The reading before the growth may be as old as the end of the window.
    const latestMs = ours.passiveKeepaliveLatestMs + rtoMs;
    const reading = Math.floor(latestMs / 250) * 250;
    expect(grown(reading + 250, wireguard.keepaliveBytes).proof?.kind).toBe('counters');
    expect(grown(reading + 500, wireguard.keepaliveBytes).proof).toBeNull();
  });

  it('is no proof in that window either if it is data: nobody owes it, and the other end may echo each 10 s', () => {
    expect(grown(ours.passiveKeepaliveEarliestMs, 96).proof).toBeNull();
    expect(grown(ours.passiveKeepaliveEarliestMs, wireguard.keepaliveBytes + 96).proof).toBeNull();
  });

  it('proves nothing where no packet of ours left: it is the peer’s own, persistent one', () => {
    const assessment = begun();
    for (let ms = 250; ms < 10_100; ms += 250) observed(assessment, ms);
    const rxBytes = base.rxBytes + wireguard.keepaliveBytes;
    expect(observed(assessment, 10_100, { rxBytes }).proof).toBeNull();
  });

  it('proves nothing when it comes unasked, or after a reading was missed', () => {
    expect(grown(3_000, 128).proof).toBeNull();
    const assessment = begun();
    observed(assessment, 4_000);
    expect(observed(assessment, 10_100, { rxBytes: base.rxBytes + 32 }).proof).toBeNull();
  });

  it('proves nothing when it is an initiation of the peer', () => {
    const assessment = grown(10_100, wireguard.initiationBytes);
    expect(assessment.proof).toBeNull();
    expect(assessment.rxInitiations).toBe(1);
    expect(assessment.rxGrewOtherwise).toBe(false);
  });

  it('asks anew: the next answer is owed to the first packet after it', () => {
    const assessment = grown(3_000, 128);
    expect(answerOverdueAtMs(assessment, rtoMs)).toBeNull();
    noteEchoSent(assessment, 2, 3_100);
    expect(answerOverdueAtMs(assessment, rtoMs)).toBe(3_100 + ours.passiveKeepaliveLatestMs + rtoMs);
    noteEchoSent(assessment, 3, 4_000);
    expect(answerOverdueAtMs(assessment, rtoMs)).toBe(3_100 + ours.passiveKeepaliveLatestMs + rtoMs);
  });

  it('holds an initiation beside small packets, but not a full-size packet of the same remainder', () => {
    const sizes: [number, number][] = [
      [148, 1],
      [148 + 128, 1],
      [128, 0],
      [92, 0],
      [132, 0],
      [148 + 16 * 70, 1],
      [1_412 + 32, 0],
      [148 + 16 * 81, 0],
    ];
    for (const [bytes, initiations] of sizes) {
      const assessment = observed(begun(), 250, { rxBytes: base.rxBytes + bytes });
      expect(assessment.rxInitiations, `${bytes}`).toBe(initiations);
    }
  });

  it('is forgiven for counters that went back to zero', () => {
    const assessment = observed(begun(), 250, { rxBytes: 0, txBytes: 0 });
    expect(assessment.proof).toBeNull();
    expect(assessment.rxGrewAtMs).toBeNull();
  });
});

describe('what we sent', () => {
  it('shows an initiation of ours by its size', () => {
    expect(observed(begun(), 250, { txBytes: base.txBytes + 128 }).initiationSeenAtMs).toBeNull();
    expect(observed(begun(), 250, { txBytes: base.txBytes + 128 + 148 }).initiationSeenAtMs).toBe(250);
    expect(observed(begun(), 250, { txBytes: base.txBytes + 1_444 }).initiationSeenAtMs).toBeNull();
  });

  it('shows the first one only', () => {
    const assessment = observed(begun(), 250, { txBytes: base.txBytes + 148 });
    observed(assessment, 5_500, { txBytes: base.txBytes + 296 });
    expect(assessment.initiationSeenAtMs).toBe(250);
  });
});

describe('frame errors', () => {
  it('count when they grow, and where they can be read', () => {
    expect(observed(begun(), 250).frameErrorsGrew).toBe(false);
    expect(observed(begun(), 250, { rxFrameErrors: 6 }).frameErrorsGrew).toBe(true);
    expect(observed(begun(), 250, { rxFrameErrors: null }).frameErrorsGrew).toBe(false);
  });
});

describe('a session', () => {
  it('is usable until it is 180 s old', () => {
    const handshakeMs = base.latestHandshakeS * 1_000;
    expect(hadSession(base, handshakeMs + wireguard.rejectAfterMs - 1)).toBe(true);
    expect(hadSession(base, handshakeMs + wireguard.rejectAfterMs)).toBe(false);
    expect(hadSession({ ...base, latestHandshakeS: 0 }, handshakeMs)).toBe(false);
    // A clock that was set back says nothing against it.
    expect(hadSession(base, handshakeMs - 3_600_000)).toBe(true);
  });
});
