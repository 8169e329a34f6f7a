import type { PeerAction } from '../action.ts';
import { ours } from '../constants.ts';
import type { Observation } from '../observation.ts';
import type { Profile } from '../profile.ts';
import type { ProofKind } from '../proof.ts';
import type { Rto } from '../rto.ts';

/** What a test of a tunnel that was alive says. */
export type TestVerdict =
  | { readonly kind: 'alive'; readonly proof: ProofKind; readonly rttMs: number | null }
  /** One echo was lost, or the answer cannot be told from other traffic: worth a close look, no more. */
  | { readonly kind: 'doubt' }
  /** Nothing came back within the time that WireGuard has for an answer. */
  | { readonly kind: 'dead'; readonly reason: string };

/**
 * Tests a tunnel that was proven alive, with as little as one packet: an echo to a responder that answered before,
 * or, where nobody inside answers, a packet whose passive keepalive is awaited.
 */
export interface TunnelTest {
  /** Begins anew: the tunnel was just proven. `responder` is an inner address that answers, or null. */
  begin(responder: string | null, now: number): void;
  /** Whether the host is sending data through the tunnel now. */
  busy(busy: boolean, nowMs: number): void;
  /** Test at once. */
  hurry(nowMs: number): void;
  /** The loop came late: whatever is under way begins anew. */
  forgive(nowMs: number): void;
  answered(echo: number, rttMs: number, nowMs: number): TestVerdict | null;
  observed(observation: Observation, nowMs: number): TestVerdict | null;
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
  readonly sentAtMs: number;
  baseline: Observation | null;
  /** Whether the counters stood still up to the time at which a passive keepalive may come. */
  quiet: boolean | null;
}

/** Creates a test; nothing is sent before `begin`. */
export function createTunnelTest(options: TunnelTestOptions): TunnelTest {
  const { profile, rto } = options;
  let responder: string | null = null;
  let isBusy = false;
  let testDueMs: number | null = null;
  let pending: { readonly echo: number; readonly lostAtMs: number } | null = null;
  let silent: SilentTest | null = null;
  let lookDueMs: number | null = null;
  let ambiguous = 0;

  function schedule(nowMs: number): void {
    if (isBusy) testDueMs = nowMs + profile.busyTestMs;
    else testDueMs = options.whenIdle ? nowMs + profile.idleTestMs : null;
  }

  function alive(proof: ProofKind, rttMs: number | null, nowMs: number): TestVerdict {
    pending = null;
    silent = null;
    lookDueMs = null;
    ambiguous = 0;
    schedule(nowMs);
    return { kind: 'alive', proof, rttMs };
  }

  function send(nowMs: number): PeerAction[] {
    testDueMs = null;
    const target = responder ?? options.echoTargets[0];
    if (target === undefined) return [];
    const echo = options.nextEcho();
    const generation = options.generation();
    const packet: PeerAction = { type: 'echo', echo, target, generation };
    if (responder !== null) {
      pending = { echo, lostAtMs: nowMs + rto.timeoutMs() };
      return [packet];
    }
    silent = { sentAtMs: nowMs, baseline: null, quiet: null };
    lookDueMs = nowMs + ours.passiveKeepaliveEarliestMs - ours.observeSpacingMs;
    return [{ type: 'observe', generation }, packet];
  }

  /** A silent peer's counters: flat until the keepalive may come, then grown. Three readings tell. */
  function judgeSilent(test: SilentTest, observation: Observation, nowMs: number): TestVerdict | null {
    const ageMs = nowMs - test.sentAtMs;
    if (test.baseline === null) {
      test.baseline = observation;
      return null;
    }
    const grew = observation.rxBytes > test.baseline.rxBytes;
    if (observation.latestHandshakeS > test.baseline.latestHandshakeS) return alive('handshake', null, nowMs);
    if (ageMs < ours.passiveKeepaliveEarliestMs - ours.observeSpacingMs) return null;
    if (test.quiet === null) {
      test.quiet = !grew;
      test.baseline = observation;
      lookDueMs = test.sentAtMs + ours.passiveKeepaliveLatestMs + rto.timeoutMs();
      return null;
    }
    if (nowMs < test.sentAtMs + ours.passiveKeepaliveLatestMs) return null;
    silent = null;
    lookDueMs = null;
    if (grew && test.quiet) return alive('counters', null, nowMs);
    if (grew || !test.quiet) {
      // The peer is heard, but its packets are its own: after three such tests a closer look is due.
      ambiguous++;
      schedule(nowMs);
      return ambiguous >= 3 ? { kind: 'doubt' } : null;
    }
    return { kind: 'dead', reason: 'the peer owed an answer within 10 s, and none came' };
  }

  return {
    begin(answers, nowMs) {
      responder = answers;
      pending = null;
      silent = null;
      lookDueMs = null;
      ambiguous = 0;
      schedule(nowMs);
    },
    busy(now, nowMs) {
      if (now === isBusy) return;
      isBusy = now;
      if (pending || silent) return;
      if (isBusy) testDueMs = Math.min(testDueMs ?? Number.POSITIVE_INFINITY, nowMs + profile.busyTestMs);
      else schedule(nowMs);
    },
    hurry(nowMs) {
      if (!pending && !silent) testDueMs = nowMs;
    },
    forgive(nowMs) {
      pending = null;
      silent = null;
      lookDueMs = null;
      testDueMs = nowMs;
    },
    answered(echo, rttMs, nowMs) {
      rto.learn(rttMs);
      if (responder !== null && pending?.echo === echo) return alive('echo', rttMs, nowMs);
      return null;
    },
    observed(observation, nowMs) {
      return silent ? judgeSilent(silent, observation, nowMs) : null;
    },
    step(nowMs) {
      if (pending && nowMs >= pending.lostAtMs) {
        pending = null;
        return { actions: [], verdict: { kind: 'doubt' } };
      }
      if (lookDueMs !== null && nowMs >= lookDueMs) {
        lookDueMs = nowMs + ours.observeSpacingMs;
        return { actions: [{ type: 'observe', generation: options.generation() }], verdict: null };
      }
      if (testDueMs !== null && nowMs >= testDueMs) return { actions: send(nowMs), verdict: null };
      return { actions: [], verdict: null };
    },
    nextDueMs() {
      const due = [testDueMs, pending?.lostAtMs ?? null, lookDueMs].filter((ms) => ms !== null);
      return due.length === 0 ? null : Math.min(...due);
    },
  };
}
