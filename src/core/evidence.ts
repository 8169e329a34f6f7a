import type { PeerAction } from './action.ts';
import {
  type Assessment,
  beginAssessment,
  forgive,
  hadSession,
  noteEchoAnswered,
  noteEchoFailed,
  noteEchoSent,
  noteObservation,
  rebase,
} from './assessment.ts';
import { ours } from './constants.ts';
import type { PeerEvent } from './event.ts';
import type { Instant } from './instant.ts';
import type { KnownTunnel } from './machine.ts';
import type { Observation } from './observation.ts';
import { createRto, type Rto } from './rto.ts';
import { createTimers } from './timers.ts';

/**
 * Gathers evidence for one endpoint at a time: sends echoes through the tunnel, has the counters read, and knows
 * what they prove. It sets nothing and decides nothing.
 */
export interface Evidence {
  /** Learned round trips through the tunnel; kept from one endpoint to the next. */
  readonly rto: Rto;
  /** What is known of the endpoint now assessed, or null. */
  assessment(): Assessment | null;
  /** Whether the interface had a usable session when the assessment began. */
  session(): boolean;
  /** Begins anew for an endpoint that was just set or found; `baseline` are the counters read right then. */
  begin(generation: number, endpoint: string, baseline: Observation, now: Instant): PeerAction[];
  /**
   * The same endpoint was set again: go on, but only what happens from now on counts. Meanwhile the endpoint may have
   * roamed, and what came over that other path says nothing of this one. `observation`: what was read back, or null.
   */
  renew(generation: number, observation: Observation | null, now: Instant): PeerAction[];
  /** Takes counters read while another endpoint was set: whatever they show came over that one. */
  elsewhere(observation: Observation, now: Instant): void;
  /** Takes counters read while the assessed endpoint was set. */
  observed(observation: Observation, now: Instant): PeerAction[];
  /**
   * Takes an answer to an echo (unknown numbers and older generations are dropped), that one could not be sent at all,
   * or that the loop came late: then the same questions are asked again, and every wait begins anew. Other events are
   * not for it.
   */
  note(event: PeerEvent, now: Instant): PeerAction[];
  /** One packet through the tunnel without asking for anything: it makes the peer roam to where we are heard now. */
  packet(generation: number): PeerAction[];
  /** Stops asking; the assessment is forgotten. */
  end(): void;
  /** What is due by now. */
  step(now: Instant): PeerAction[];
  nextDueMs(): number | null;
}

/**
 * Creates a gatherer that sends to these inner addresses; with none, only handshakes can prove anything. A tunnel
 * that was watched brings its round trips, its pace and its numbering along.
 */
export function createEvidence(echoTargets: readonly string[], known?: KnownTunnel): Evidence {
  const rto = known?.rto ?? createRto();
  const leastSpacingMs = known?.spacingMs ?? ours.echoSpacingMs;
  const timers = createTimers<'echo' | 'observe'>();
  let current: Assessment | null = null;
  let session = false;
  let echoNumber = known?.echo ?? 0;

  function round(assessment: Assessment, nowMs: number): PeerAction[] {
    assessment.rounds++;
    const actions: PeerAction[] = [];
    for (const target of echoTargets) {
      const echo = ++echoNumber;
      noteEchoSent(assessment, echo, nowMs);
      actions.push({ type: 'echo', echo, target, generation: assessment.generation });
    }
    const late = assessment.rounds > ours.lossesToDoubt;
    timers.set('echo', nowMs + (late ? ours.lateEchoSpacingMs : spacingMs()));
    return actions;
  }

  function spacingMs(): number {
    if (rto.smoothedMs() === null) return leastSpacingMs;
    return Math.min(ours.echoSpacingMaxMs, Math.max(leastSpacingMs, rto.timeoutMs()));
  }

  function observe(assessment: Assessment, nowMs: number): PeerAction {
    timers.set('observe', nowMs + ours.observeSpacingMs);
    return { type: 'observe', generation: assessment.generation };
  }

  function answered(
    assessment: Assessment,
    { echo, generation, rttMs }: Extract<PeerEvent, { type: 'echo-answered' }>,
    nowMs: number,
  ): PeerAction[] {
    if (!assessment.echoes.has(echo)) return [];
    // An answer of an older generation proves nothing any more, but the tunnel that it came through is not silent.
    noteEchoAnswered(assessment, echo, nowMs);
    if (generation !== assessment.generation) return [];
    assessment.answered ??= { rttMs, atMs: nowMs };
    return [observe(assessment, nowMs)];
  }

  return {
    rto,
    assessment: () => current,
    session: () => session || current?.dataLeft === true,
    begin(generation, endpoint, baseline, now) {
      timers.clearAll();
      current = beginAssessment(generation, endpoint, baseline, now.monotonicMs);
      session = hadSession(baseline, now.wallMs);
      timers.set('observe', now.monotonicMs + ours.observeSpacingMs);
      return round(current, now.monotonicMs);
    },
    renew(generation, observation, now) {
      if (!current) return [];
      current.generation = generation;
      current.answered = null;
      if (observation) rebase(current, observation, now.monotonicMs);
      return [...round(current, now.monotonicMs), observe(current, now.monotonicMs)];
    },
    elsewhere(observation, now) {
      if (current) rebase(current, observation, now.monotonicMs);
    },
    observed(observation, now) {
      if (!current) return [];
      const grewAtMs = current.rxGrewAtMs;
      noteObservation(current, observation, rto.timeoutMs(), now.monotonicMs);
      if (current.proof?.rttMs != null) rto.learn(current.proof.rttMs);
      // The peer's timer for an answer starts with the first packet after its last one: send that packet now.
      const grew = current.rxGrewAtMs !== grewAtMs && !current.proof;
      return grew ? round(current, now.monotonicMs) : [];
    },
    note(event, now) {
      if (!current) return [];
      if (event.type === 'echo-answered') return answered(current, event, now.monotonicMs);
      if (event.type === 'echo-failed') noteEchoFailed(current, event.echo);
      if (event.type !== 'stalled') return [];
      forgive(current, now.monotonicMs);
      return [...round(current, now.monotonicMs), observe(current, now.monotonicMs)];
    },
    packet(generation) {
      return echoTargets
        .slice(0, 1)
        .map((target) => ({ type: 'echo', echo: ++echoNumber, target, generation }));
    },
    end() {
      timers.clearAll();
      current = null;
    },
    step(now) {
      if (!current) return [];
      const actions: PeerAction[] = [];
      for (const timer of timers.takeExpired(now.monotonicMs)) {
        if (timer === 'echo') actions.push(...round(current, now.monotonicMs));
        else actions.push(observe(current, now.monotonicMs));
      }
      return actions;
    },
    nextDueMs: () => timers.nextDueMs(),
  };
}
