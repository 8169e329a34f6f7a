import { ours, wireguard } from './constants.ts';
import type { Observation } from './observation.ts';
import type { Proof } from './proof.ts';

/**
 * What has been asked of one endpoint since it was set, and what came back. One assessment belongs to one
 * generation: evidence for it must have been caused after it began, and read while its endpoint was still set.
 */
export interface Assessment {
  readonly endpoint: string;
  generation: number;
  /** Monotonic time of its beginning: the read-back after the set, or the first look at a running tunnel. */
  startedAtMs: number;
  /** Counters at the beginning. */
  baseline: Observation;
  last: Observation;
  lastAtMs: number;
  /** When the first packet of ours went into the tunnel, or null. */
  firstPacketAtMs: number | null;
  /** Rounds of echoes sent; one round goes to every echo target. */
  rounds: number;
  /** Echoes under way: number → when sent and in which round. */
  readonly echoes: Map<number, { readonly sentAtMs: number; readonly round: number }>;
  /** An answered echo whose counters still have to be read. */
  answered: { readonly rttMs: number; readonly atMs: number } | null;
  /** Readings of the counters since then; the first may have begun before the answer came. */
  readingsSinceAnswer: number;
  /** When `rx_bytes` was last seen to grow, or null. */
  rxGrewAtMs: number | null;
  /** Growths of `rx_bytes` that held a handshake initiation of the peer: it does not hear our responses. */
  rxInitiations: number;
  /** Whether `rx_bytes` grew by anything but initiations. */
  rxGrewOtherwise: boolean;
  /** First packet of ours after the last growth of `rx_bytes`: what a passive keepalive would answer. */
  unansweredPacketAtMs: number | null;
  /** When `tx_bytes` was first seen to have grown by an initiation, or null. */
  initiationSeenAtMs: number | null;
  /** `tx_bytes` grew by more than handshakes: there is a session, whatever the clocks say of its age. */
  dataLeft: boolean;
  /** Something authentic came that the counters of the peer do not show (kernel: inner source not allowed). */
  frameErrorsGrew: boolean;
  proof: Proof | null;
}

/** Begins an assessment with the counters read right after the endpoint was set. */
export function beginAssessment(
  generation: number,
  endpoint: string,
  baseline: Observation,
  nowMs: number,
): Assessment {
  return {
    endpoint,
    generation,
    startedAtMs: nowMs,
    baseline,
    last: baseline,
    lastAtMs: nowMs,
    firstPacketAtMs: null,
    rounds: 0,
    echoes: new Map(),
    answered: null,
    readingsSinceAnswer: 0,
    rxGrewAtMs: null,
    rxInitiations: 0,
    rxGrewOtherwise: false,
    unansweredPacketAtMs: null,
    initiationSeenAtMs: null,
    dataLeft: false,
    frameErrorsGrew: false,
    proof: null,
  };
}

/** Whether the interface still had a usable session at the beginning: its last handshake was under 180 s old. */
export function hadSession(baseline: Observation, wallMs: number): boolean {
  if (baseline.latestHandshakeS === 0) return false;
  return wallMs - baseline.latestHandshakeS * 1_000 < wireguard.rejectAfterMs;
}

/** Notes that an echo left for the tunnel. */
export function noteEchoSent(assessment: Assessment, echo: number, nowMs: number): void {
  assessment.echoes.set(echo, { sentAtMs: nowMs, round: assessment.rounds });
  assessment.firstPacketAtMs ??= nowMs;
  assessment.unansweredPacketAtMs ??= nowMs;
}

/** Notes that an echo was answered, whatever that proves: it is not lost, and the tunnel is not silent. */
export function noteEchoAnswered(assessment: Assessment, echo: number, nowMs: number): void {
  assessment.echoes.delete(echo);
  assessment.rxGrewAtMs ??= nowMs;
}

/**
 * The endpoint was set again, or was another one meanwhile, and these counters were read. What came in before proves
 * nothing of it, but it is a sign of life all the same: silence, and a handshake without an answer, begin anew.
 */
export function rebase(assessment: Assessment, observation: Observation, nowMs: number): void {
  if (observation.rxBytes > assessment.last.rxBytes) {
    assessment.rxGrewAtMs = nowMs;
    assessment.unansweredPacketAtMs = null;
    assessment.initiationSeenAtMs = null;
  }
  assessment.baseline = observation;
  assessment.last = observation;
  assessment.lastAtMs = nowMs;
}

/** Notes that an echo never left. If none has, nothing is owed to us. */
export function noteEchoFailed(assessment: Assessment, echo: number): void {
  assessment.echoes.delete(echo);
  if (assessment.echoes.size > 0) return;
  assessment.firstPacketAtMs = null;
  assessment.unansweredPacketAtMs = null;
}

/**
 * Nobody looked for a while: what expired meanwhile is void. Every wait begins anew, and what was sent counts as sent
 * now, so that an answer to it still proves something.
 */
export function forgive(assessment: Assessment, nowMs: number): void {
  assessment.startedAtMs = nowMs;
  assessment.rounds = 0;
  for (const echo of assessment.echoes.keys()) assessment.echoes.set(echo, { sentAtMs: nowMs, round: 0 });
  if (assessment.firstPacketAtMs !== null) assessment.firstPacketAtMs = nowMs;
  if (assessment.unansweredPacketAtMs !== null) assessment.unansweredPacketAtMs = nowMs;
  if (assessment.initiationSeenAtMs !== null) assessment.initiationSeenAtMs = nowMs;
}

/** How many rounds of echoes are lost by now: sent longer ago than the time-out, and nobody answered. */
export function lostRounds(assessment: Assessment, rtoMs: number, nowMs: number): number {
  if (assessment.answered) return 0;
  const lost = new Set<number>();
  for (const { sentAtMs, round } of assessment.echoes.values())
    if (nowMs - sentAtMs >= rtoMs) lost.add(round);
  return lost.size;
}

/**
 * Takes counters read while this assessment's endpoint was set, and works out what they prove. Sets `proof` when
 * they prove the endpoint, and leaves it alone otherwise.
 */
export function noteObservation(
  assessment: Assessment,
  observation: Observation,
  rtoMs: number,
  nowMs: number,
): void {
  const readAtMs = observation.readAtMs ?? nowMs;
  const previous = assessment.last;
  const previousAtMs = assessment.lastAtMs;
  // Overtaken by a later reading.
  if (readAtMs < previousAtMs) return;
  assessment.last = observation;
  assessment.lastAtMs = readAtMs;
  if (assessment.answered) assessment.readingsSinceAnswer++;
  noteFrameErrors(assessment, observation);
  const sentBytes = observation.txBytes - previous.txBytes;
  if (holdsInitiation(sentBytes)) assessment.initiationSeenAtMs ??= nowMs;
  else if (sentBytes > wireguard.keepaliveBytes) assessment.dataLeft = true;

  const grownBytes = observation.rxBytes - previous.rxBytes;
  if (
    observation.latestHandshakeS !== assessment.baseline.latestHandshakeS &&
    observation.latestHandshakeS > 0
  ) {
    prove(assessment, 'handshake', null, nowMs);
  }
  if (assessment.answered && observation.rxBytes > assessment.baseline.rxBytes) {
    prove(assessment, 'echo', assessment.answered.rttMs, nowMs);
  }
  if (grownBytes > 0) {
    if (isPassiveKeepalive(assessment, grownBytes, previousAtMs, rtoMs, nowMs))
      prove(assessment, 'counters', null, nowMs);
    if (holdsInitiation(grownBytes)) assessment.rxInitiations++;
    if (grownBytes % wireguard.initiationBytes !== 0) assessment.rxGrewOtherwise = true;
    assessment.rxGrewAtMs = nowMs;
    assessment.unansweredPacketAtMs = null;
  }
}

/** When an answer to our packets is overdue (monotonic milliseconds), or null if none is owed. */
export function answerOverdueAtMs(assessment: Assessment, rtoMs: number): number | null {
  if (assessment.unansweredPacketAtMs === null) return null;
  return assessment.unansweredPacketAtMs + ours.passiveKeepaliveLatestMs + rtoMs;
}

/**
 * The peer answers our first packet after its last sign of life between 10.0 and 10.6 s later, if it has nothing
 * else to send. Growth in just that window, after silence up to it, was caused by us; any other growth may be the
 * peer's own traffic, which only proves the way from the peer to us. It is a keepalive and nothing else: whoever sends
 * data owes none, and a peer that runs this program, too, sends an echo each 10 s.
 */
function isPassiveKeepalive(
  assessment: Assessment,
  grownBytes: number,
  previousAtMs: number,
  rtoMs: number,
  nowMs: number,
): boolean {
  const packetAtMs = assessment.unansweredPacketAtMs;
  if (packetAtMs === null || grownBytes % wireguard.initiationBytes === 0) return false;
  // Where no packet of ours left, it is the peer's own, persistent one.
  if (grownBytes !== wireguard.keepaliveBytes || !assessment.dataLeft) return false;
  const silentUntilMs = previousAtMs - packetAtMs;
  return (
    nowMs - packetAtMs >= ours.passiveKeepaliveEarliestMs &&
    silentUntilMs >= ours.passiveKeepaliveEarliestMs - 2 * ours.observeSpacingMs &&
    silentUntilMs <= ours.passiveKeepaliveLatestMs + rtoMs
  );
}

function noteFrameErrors(assessment: Assessment, observation: Observation): void {
  const before = assessment.baseline.rxFrameErrors;
  if (before !== null && observation.rxFrameErrors !== null && observation.rxFrameErrors > before)
    assessment.frameErrorsGrew = true;
}

/**
 * Data packets are padded to 16 bytes, so their sizes are multiples of 16; an initiation is 148 = 9 × 16 + 4. With
 * a little other traffic about, the remainder gives it away. Full-size packets are not padded beyond the MTU and may
 * have the same remainder (MTU 1412, as behind PPPoE), so a growth that could hold one says nothing.
 */
export function holdsInitiation(grownBytes: number): boolean {
  return (
    grownBytes >= wireguard.initiationBytes &&
    grownBytes < ours.quietBytes &&
    grownBytes % 16 === wireguard.initiationBytes % 16
  );
}

function prove(assessment: Assessment, kind: Proof['kind'], rttMs: number | null, nowMs: number): void {
  assessment.proof ??= { kind, endpoint: assessment.endpoint, atMs: nowMs, rttMs };
}
