import type { PeerAction } from '../action.ts';
import { ours, wireguard } from '../constants.ts';
import type { Instant } from '../instant.ts';
import type { Observation } from '../observation.ts';
import type { Profile } from '../profile.ts';
import type { ProofKind } from '../proof.ts';
import type { Rto } from '../rto.ts';
import { earliest } from '../timers.ts';

/** What a test of a tunnel that was alive says. */
export type TestVerdict =
  | {
      readonly kind: 'alive';
      readonly proof: ProofKind;
      readonly rttMs: number | null;
      readonly atMs: number;
    }
  /**
   * One echo was lost, or the answer cannot be told from other traffic: worth a close look, no more. `overdue`: not
   * even WireGuard's own answer came within the time it has for one.
   */
  | { readonly kind: 'doubt'; readonly overdue: boolean };

/**
 * Tests a tunnel that was proven alive, with as little as one packet: an echo to a responder that answered before,
 * or, where nobody inside answers, a packet whose passive keepalive is awaited.
 */
export interface TunnelTest {
  /** Begins anew: the tunnel was just proven. `responder` is an inner address that answers, or null. */
  begin(responder: string | null, nowMs: number): void;
  /** Whether the host is sending data through the tunnel now. */
  busy(busy: boolean, nowMs: number): void;
  /** Test at once. */
  hurry(nowMs: number): void;
  /** The loop came late: whatever is under way begins anew. */
  forgive(nowMs: number): void;
  /** An echo was answered by that inner address. */
  answered(target: string, rttMs: number, nowMs: number): TestVerdict;
  observed(observation: Observation, now: Instant): TestVerdict | null;
  step(nowMs: number): { readonly actions: PeerAction[]; readonly verdict: TestVerdict | null };
  nextDueMs(): number | null;
}

/** What a test needs to know of its peer. */
export interface TunnelTestOptions {
  readonly profile: Profile;
  readonly echoTargets: readonly string[];
  readonly rto: Rto;
  /** A peer that was meant to be silent (no persistent keepalive) is tested only while the host itself sends. */
  readonly whenIdle: boolean;
  readonly nextEcho: () => number;
  readonly generation: () => number;
}

/** A packet whose answer by WireGuard is awaited through the counters. */
interface SilentTest {
  readonly packetAtMs: number;
  /** When the keepalive may come at the earliest, as far as is known: from then on the counters are read often. */
  readonly lookFromMs: number;
  last: Observation | null;
  lastAtMs: number;
}

/**
 * A peer that sends data of its own hides its keepalives. Each end renews the session at 120 s if it sends, and the
 * new handshake is the proof then; later than this it is missing.
 */
const handshakeDueMs = 135_000;
/** The phase of the peer's keepalives is found by the second of two growths in a row; a third one tells nothing new. */
const ambiguousAtMost = 3;

/** Creates a test; nothing is sent before `begin`. */
export function createTunnelTest(options: TunnelTestOptions): TunnelTest {
  const { profile, rto } = options;
  let responder: string | null = null;
  let isBusy = false;
  let testDueMs: number | null = null;
  let pending: { readonly lostAtMs: number } | null = null;
  let silent: SilentTest | null = null;
  /** Growth of the counters that began no earlier than this and was not awaited; null if there was none lately. */
  let grownFromMs: number | null = null;
  let lookDueMs: number | null = null;
  let ambiguous = 0;
  let handshakeS: number | null = null;

  function schedule(nowMs: number): void {
    // Traffic makes a silent peer send a keepalive each 10 s: following each of them costs a packet in 10 s.
    if (isBusy) testDueMs = responder === null ? nowMs : nowMs + profile.busyTestMs;
    else testDueMs = options.whenIdle ? nowMs + profile.idleTestMs : null;
  }

  function stop(): void {
    pending = null;
    silent = null;
    lookDueMs = null;
  }

  function alive(proof: ProofKind, rttMs: number | null, atMs: number): TestVerdict {
    stop();
    ambiguous = 0;
    grownFromMs = null;
    schedule(atMs);
    return { kind: 'alive', proof, rttMs, atMs };
  }

  /** WireGuard renews its keys by itself: a new handshake proves the tunnel and costs nothing. */
  function judgeHandshake(observation: Observation, now: Instant): TestVerdict | null {
    const before = handshakeS;
    handshakeS = observation.latestHandshakeS;
    if (before === null || handshakeS === 0 || handshakeS === before || pending || silent) return null;
    // It is as old as the reading before at the most, whatever a clock that was set meanwhile says.
    const ageMs = Math.min(Math.max(0, now.wallMs - handshakeS * 1_000), profile.readMs);
    return alive('handshake', null, now.monotonicMs - ageMs);
  }

  function send(nowMs: number): PeerAction[] {
    testDueMs = null;
    const target = responder ?? options.echoTargets[0];
    if (target === undefined) return [];
    const echo = options.nextEcho();
    const generation = options.generation();
    const packet: PeerAction = { type: 'echo', echo, target, generation };
    if (responder !== null) {
      pending = { lostAtMs: nowMs + rto.timeoutMs() };
      return [packet];
    }
    const lookFromMs = (grownFromMs ?? nowMs) + ours.passiveKeepaliveEarliestMs - ours.observeSpacingMs;
    silent = { packetAtMs: nowMs, lookFromMs, last: null, lastAtMs: nowMs };
    lookDueMs = lookFromMs;
    return [{ type: 'observe', generation }, packet];
  }

  /** A silent peer's counters: still until its keepalive may come, then grown. */
  function judgeSilent(test: SilentTest, observation: Observation, now: Instant): TestVerdict | null {
    const { monotonicMs: nowMs } = now;
    const { last, lastAtMs } = test;
    const readAtMs = observation.readAtMs ?? nowMs;
    if (last !== null && readAtMs < lastAtMs) return null;
    test.last = observation;
    test.lastAtMs = readAtMs;
    if (last === null) return null;
    if (observation.latestHandshakeS !== last.latestHandshakeS) return alive('handshake', null, nowMs);
    if (observation.rxBytes > last.rxBytes) {
      const stillMs = lastAtMs - test.packetAtMs;
      const caused =
        nowMs - test.packetAtMs >= ours.passiveKeepaliveEarliestMs &&
        stillMs >= ours.passiveKeepaliveEarliestMs - 2 * ours.observeSpacingMs;
      if (caused) return alive('counters', null, nowMs);
      stop();
      // The next keepalive may come 10 s after this one, or the peer talks by itself.
      grownFromMs = lastAtMs;
      ambiguous++;
      schedule(nowMs);
      if (ambiguous >= ambiguousAtMost && testDueMs !== null) {
        // Two ends that test each other so would answer each test with one of their own, without end.
        grownFromMs = null;
        testDueMs = Math.max(testDueMs, nowMs + wireguard.passiveKeepaliveMs);
      }
      const handshakeAgeMs = now.wallMs - observation.latestHandshakeS * 1_000;
      if (ambiguous < ambiguousAtMost || handshakeAgeMs < handshakeDueMs) return null;
      return { kind: 'doubt', overdue: false };
    }
    if (readAtMs < test.packetAtMs + ours.passiveKeepaliveLatestMs + rto.timeoutMs()) return null;
    stop();
    return { kind: 'doubt', overdue: true };
  }

  return {
    begin(answers, nowMs) {
      responder = answers;
      stop();
      ambiguous = 0;
      grownFromMs = null;
      handshakeS = null;
      schedule(nowMs);
    },
    busy(now, nowMs) {
      if (now === isBusy) return;
      isBusy = now;
      if (pending || silent) return;
      const dueMs = testDueMs;
      schedule(nowMs);
      if (isBusy && dueMs !== null && testDueMs !== null) testDueMs = Math.min(dueMs, testDueMs);
    },
    hurry(nowMs) {
      if (!pending && !silent) testDueMs = nowMs;
    },
    forgive(nowMs) {
      stop();
      grownFromMs = null;
      testDueMs = nowMs;
    },
    answered(target, rttMs, nowMs) {
      rto.learn(rttMs);
      // An answer that comes late counts as well as one in time. The first of the targets that answers is asked.
      const order = responder === null ? Number.POSITIVE_INFINITY : options.echoTargets.indexOf(responder);
      if (options.echoTargets.indexOf(target) < order) responder = target;
      return alive('echo', rttMs, nowMs);
    },
    observed(observation, now) {
      const verdict = judgeHandshake(observation, now);
      return silent ? judgeSilent(silent, observation, now) : verdict;
    },
    step(nowMs) {
      if (pending && nowMs >= pending.lostAtMs) {
        stop();
        return { actions: [], verdict: { kind: 'doubt', overdue: false } };
      }
      if (lookDueMs !== null && nowMs >= lookDueMs) {
        lookDueMs = nowMs + ours.observeSpacingMs;
        return { actions: [{ type: 'observe', generation: options.generation() }], verdict: null };
      }
      if (testDueMs !== null && nowMs >= testDueMs) return { actions: send(nowMs), verdict: null };
      return { actions: [], verdict: null };
    },
    nextDueMs() {
      return earliest(testDueMs, pending?.lostAtMs ?? null, lookDueMs);
    },
  };
}
