import { type Assessment, answerOverdueAtMs, lostRounds } from './assessment.ts';
import { ours, wireguard } from './constants.ts';

/** What silence on the endpoint now set means. */
export type Suspicion =
  | { readonly kind: 'wait' }
  /** Set the same endpoint again: it costs nothing and clears a stale source address. */
  | { readonly kind: 'reassert' }
  /** `early`: only a quick trial with rollback is justified, the long wait for an answer was not made. */
  | { readonly kind: 'condemned'; readonly early: boolean; readonly reason: string }
  /** `heard`: something does come from the peer. Otherwise nothing could be asked at all. */
  | { readonly kind: 'undecided'; readonly heard: boolean; readonly reason: string };

/** What the judgement is made from. */
export interface SuspicionInput {
  readonly assessment: Assessment;
  /** Whether the interface had a usable session when the assessment began. */
  readonly session: boolean;
  /** Learned time-out of one echo. */
  readonly rtoMs: number;
  /**
   * What makes five lost echoes worth a quick trial, in words; null if nothing does: the target answered over this
   * tunnel until now, or ICMP outside tells this address (silent) from another candidate's.
   */
  readonly quickReason: string | null;
  /** After how much silence the same endpoint is set again, in milliseconds. */
  readonly reassertAfterMs: number;
  /** Whether there is any address inside the tunnel to which a packet can be sent. */
  readonly canSend: boolean;
  /** The kernel knows no route to the endpoint (asked with the interface's mark). */
  readonly noRoute: boolean;
  /** Whether the same endpoint was set again already (or must not be). */
  readonly reasserted: boolean;
  /** An answer that WireGuard owed us was already missed before this look. */
  readonly overdue: boolean;
  /**
   * ICMP outside speaks against this address, too: it answered until now and does not any more, while another
   * candidate's does.
   */
  readonly pingLost: boolean;
  /** The tunnel was proven until now: a few missed answers may as well have been lost on a living path. */
  readonly patient: boolean;
}

/**
 * WireGuard repeats an unanswered initiation after 5 s at the earliest. Until shortly before, nothing is lost by
 * waiting for the answer on a path whose round trips nobody knows.
 */
const initiationPatienceMs = 4_000;

/**
 * Without a session WireGuard sends nothing but an initiation each 5 to 5.3 s. A tunnel that was alive is given up after
 * four of them, and the one before the look: where 2 % of packets are lost each way, that happens once in 10^7.
 */
const morePatienceMs = 3 * (wireguard.rekeyTimeoutMs + wireguard.rekeyJitterMs);

/**
 * Initiations of the peer in a row that say that it does not hear us, where the tunnel was alive. Two ends that begin a
 * handshake at the same moment undo each other's, and on a long path that happens several times in a row.
 */
const patientInitiations = 5;

/**
 * How long a tunnel that was alive must be silent before it is given up where nobody inside answers: within this time
 * WireGuard owed us answers to data three times and to initiations at least twice, whenever its own timers began. Where
 * 2 % of packets are lost each way, all are lost once in 10^8; three of them (30 s) were once in a simulated week.
 */
const silentPatienceMs = 42_000;

/**
 * Judges an endpoint that is not proven (yet). Silence of an echo target alone is never enough: the target may have
 * gone while the tunnel lives. Only an answer that WireGuard itself owed us and that did not come condemns; or, for
 * a quick trial that is rolled back at once, silence everywhere together with ICMP that tells this address from others.
 */
export function judgeSilence(input: SuspicionInput, nowMs: number): Suspicion {
  const { assessment } = input;
  if (assessment.firstPacketAtMs === null) {
    if (input.canSend && assessment.rounds <= ours.lossesToDoubt) return { kind: 'wait' };
    const why = input.canSend
      ? 'this host cannot send to any address inside the tunnel'
      : 'the peer has no address inside the tunnel that could be asked';
    return input.session
      ? // A session is not three minutes old: without a target, that is all that can be known.
        { kind: 'undecided', heard: !input.canSend, reason: why }
      : condemned(`there is no session, and none can be started: ${why}`);
  }
  if (isUnread(assessment, nowMs)) return { kind: 'wait' };
  const waitedMs = nowMs - assessment.firstPacketAtMs;
  const verdict = input.session
    ? withSession(input, waitedMs, nowMs)
    : withoutSession(input, waitedMs, nowMs);
  if (
    verdict.kind === 'wait' &&
    !input.reasserted &&
    assessment.rxGrewAtMs === null &&
    waitedMs >= input.reassertAfterMs
  ) {
    return { kind: 'reassert' };
  }
  return verdict;
}

/** Without a session the first packet starts a handshake, which is answered within a round trip or not at all. */
function withoutSession(input: SuspicionInput, waitedMs: number, nowMs: number): Suspicion {
  const { assessment, rtoMs } = input;
  // `tx_bytes` counts what the IP stack took: over any route, or an old socket's, it would have grown.
  const nothingLeft = assessment.last.txBytes === assessment.baseline.txBytes;
  if (input.noRoute && nothingLeft && waitedMs >= ours.initialRtoMs) {
    return condemned('this host has no route to it, and no packet leaves');
  }
  const initiatedAtMs = assessment.initiationSeenAtMs;
  const moreMs = input.patient ? morePatienceMs : 0;
  if (
    initiatedAtMs !== null &&
    isSilentSince(input, initiatedAtMs + moreMs + Math.max(rtoMs, ours.initialRtoMs), nowMs)
  ) {
    return condemned('a handshake initiation was not answered');
  }
  const startedAtMs = nowMs - waitedMs;
  if (isSilentSince(input, startedAtMs + moreMs + ours.slowDwellMs + rtoMs, nowMs)) {
    return condemned('no handshake was completed');
  }
  return waitedMs < moreMs + ours.undecidedAfterMs ? { kind: 'wait' } : unreadable;
}

function withSession(input: SuspicionInput, waitedMs: number, nowMs: number): Suspicion {
  const { assessment, rtoMs } = input;
  if (assessment.rxInitiations >= (input.patient ? patientInitiations : 2)) {
    return condemned('the peer sends one handshake initiation after the other: it does not hear us');
  }
  const silent = assessment.rxGrewAtMs === null && !assessment.frameErrorsGrew;
  if (silent && input.quickReason !== null && lostRounds(assessment, rtoMs, nowMs) >= ours.lossesToDoubt) {
    return {
      kind: 'condemned',
      early: true,
      reason: `${ours.lossesToDoubt} echoes through the tunnel were lost, and ${input.quickReason}`,
    };
  }
  const initiatedAtMs = assessment.initiationSeenAtMs;
  if (
    silent &&
    input.overdue &&
    (input.pingLost || !input.patient) &&
    initiatedAtMs !== null &&
    isSilentSince(input, initiatedAtMs + Math.max(rtoMs, initiationPatienceMs), nowMs)
  ) {
    return condemned('the peer owed an answer within 10 s, and then one to a handshake, and none came');
  }
  const overdueAtMs = answerOverdueAtMs(assessment, rtoMs);
  if (overdueAtMs !== null && nowMs >= overdueAtMs && !handshakePending(assessment, rtoMs, nowMs)) {
    const owed = judgeOwed(input, overdueAtMs, nowMs);
    if (owed) return owed;
  }
  if (waitedMs >= ours.undecidedAfterMs) {
    return {
      kind: 'undecided',
      heard: true,
      reason: 'the peer is heard, but nothing shows that it hears us',
    };
  }
  return { kind: 'wait' };
}

/** An answer that WireGuard owed us is overdue; null if something comes from the peer all the same. */
function judgeOwed(input: SuspicionInput, overdueAtMs: number, nowMs: number): Suspicion | null {
  const { assessment } = input;
  if (assessment.frameErrorsGrew) {
    return {
      kind: 'undecided',
      heard: true,
      reason: 'something answers from an inner address outside the allowed IPs',
    };
  }
  if (assessment.answered && assessment.last.txBytes === assessment.baseline.txBytes) {
    return {
      kind: 'undecided',
      heard: false,
      reason: 'the address that answers is not reached through the tunnel',
    };
  }
  if (assessment.rxGrewOtherwise) return null;
  const missedBeforeMs = input.overdue ? ours.passiveKeepaliveLatestMs : 0;
  const patienceMs = silentPatienceMs - missedBeforeMs - ours.passiveKeepaliveLatestMs;
  const condemnedAtMs = overdueAtMs + (input.patient ? patienceMs : 0);
  if (isSilentSince(input, condemnedAtMs, nowMs)) {
    return condemned(
      input.patient
        ? 'the peer owed several answers within 42 s, and none came'
        : 'the peer owed an answer within 10 s, and none came',
    );
  }
  return nowMs < condemnedAtMs + ours.readingPatienceMs ? { kind: 'wait' } : unreadable;
}

/** An echo was answered a moment ago, and the counters that go with the answer were not read yet. */
function isUnread({ answered, readingsSinceAnswer }: Assessment, nowMs: number): boolean {
  return answered !== null && readingsSinceAnswer < 2 && nowMs - answered.atMs < ours.readingPatienceMs;
}

/** What cannot be read may have grown: that is no silence. */
const unreadable: Suspicion = { kind: 'undecided', heard: false, reason: 'the counters could not be read' };

/** Whether that moment is past, and counters that were read after it know of no answer. */
function isSilentSince({ assessment }: SuspicionInput, atMs: number, nowMs: number): boolean {
  return nowMs >= atMs && assessment.lastAtMs >= atMs;
}

/** Whether an initiation left so lately that its answer may be on the way. */
function handshakePending(assessment: Assessment, rtoMs: number, nowMs: number): boolean {
  const sentAtMs = assessment.initiationSeenAtMs;
  return sentAtMs !== null && nowMs - sentAtMs < Math.max(rtoMs, ours.initialRtoMs);
}

function condemned(reason: string): Suspicion {
  return { kind: 'condemned', early: false, reason };
}
