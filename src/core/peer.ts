import type { Outcome, PeerAction } from './action.ts';
import { hadSession } from './assessment.ts';
import { createCandidateTable } from './candidate-table.ts';
import { ours } from './constants.ts';
import type { PeerEvent } from './event.ts';
import { createEvidence } from './evidence.ts';
import type { Fact } from './fact.ts';
import type { Instant } from './instant.ts';
import { judgeEndpoint } from './judge-endpoint.ts';
import type { Machine, MachineConfig } from './machine.ts';
import { newborn, type Observation } from './observation.ts';
import { judgeOffer } from './offer.ts';
import type { Proof } from './proof.ts';
import { createPutBack } from './put-back.ts';
import { admitNewcomer, beginRace, makeWay, type Race } from './race.ts';
import { giveUp, nextStep, type SearchInput, type SearchStep } from './search.ts';
import type { SetReason } from './set-reason.ts';
import { earliest } from './timers.ts';
import { nextState, type State, type Trigger } from './transitions.ts';
import { type Attempt, judgeTrial, reasonOf, trialTimeoutMs } from './trial.ts';

/**
 * The decision engine of one peer: asks for proof of the endpoint now set, leaves a proven one alone (but for
 * fail-back), and otherwise tries candidates on the real interface until one is proven, or puts the old one back.
 */
export function createPeer(config: MachineConfig): Machine {
  const table = createCandidateTable(config.failedAtMs);
  const evidence = createEvidence(config.echoTargets, config.known);
  const back = createPutBack();
  /** Where nobody inside answers, one round trip cannot prove anything. */
  const mayQuick = config.known?.responder !== false;
  const handshake = config.dryRun ? undefined : config.handshake;
  let state: State = 'starting';
  let generation = config.known?.generation ?? 0;
  let endpoint: string | null = null;
  let rxBytes = 0;
  let proof: Proof | null = null;
  let settled = false;
  let reasserted = config.dryRun;
  let reverted = false;
  let offered = config.known?.offer === false;
  let race: Race | null = null;
  let attempt: Attempt | null = null;
  /** The endpoint that we set last, if it was neither proven nor put back since. */
  let unproven: string | null = null;
  /** The old endpoint may be good after all: it is put back and looked at again when nothing else works. */
  let mayBeGood = false;
  let lastLook = false; // That was done after a full search: the next silence is the end.
  let judgeDueMs: number | null = null;
  let actions: PeerAction[] = [];

  function move(trigger: Trigger): void {
    state = nextState(state, trigger);
    if (state === 'setting') reverted = false;
  }

  function report(fact: Fact): void {
    actions.push({ type: 'report', fact });
  }

  function rest(outcome: Outcome, trigger: Trigger = 'stop'): void {
    move(trigger);
    evidence.end();
    actions.push({ type: 'rest', outcome });
  }

  /** Rests, but never on an endpoint that was only tried: the old one is put back before. */
  function end(outcome: Outcome): void {
    // With no old one, what is being set is set once more, so that a packet follows that set, too.
    const target = attempt?.fallback ?? race?.origin ?? (state === 'setting' ? unproven : null);
    const movedOn = state === 'checking' && endpoint !== unproven;
    if (unproven === null || target === null || movedOn) rest(outcome);
    else putBack(target, outcome);
  }

  function set(target: string, reason: SetReason): void {
    generation++;
    if (reason !== 'again') report({ kind: 'setting', endpoint: target, reason });
    if (reason === 'reset') actions.push({ type: 'reset', endpoint: target, generation, rxBytes });
    else actions.push({ type: 'set', endpoint: target, generation, reason });
  }

  function assess(target: string, baseline: Observation, now: Instant): void {
    reverted = false;
    actions.push(...evidence.begin(generation, target, baseline, now));
  }

  function onObserved(observation: Observation, now: Instant): void {
    endpoint = observation.endpoint;
    rxBytes = observation.rxBytes;
    if (state === 'starting') return onFirstLook(observation, now);
    const assessed = evidence.assessment()?.endpoint;
    if (state === 'proving') {
      // A packet under way from the old path may take the endpoint back for a moment; the trial's time decides.
      reverted = endpoint !== assessed;
      if (reverted) evidence.elsewhere(observation, now);
      else actions.push(...evidence.observed(observation, now));
    } else if (state === 'checking') {
      if (endpoint === assessed) actions.push(...evidence.observed(observation, now));
      else onElsewhere(assessed ?? null, observation, now);
    }
  }

  function onFirstLook(observation: Observation, now: Instant): void {
    report({ kind: 'endpoint-found', endpoint: observation.endpoint });
    if (observation.endpoint === null) {
      move('no-endpoint');
      race = beginRace(null, 'full', false, handshake);
      return;
    }
    move('endpoint-found');
    actions.push(...table.watch(observation.endpoint));
    if (config.known?.condemned) {
      report({ kind: 'condemned', endpoint, reason: config.known.condemned });
      move('condemned');
      race = beginRace(endpoint, 'full', mayQuick && hadSession(observation, now.wallMs), handshake);
    } else assess(observation.endpoint, observation, now);
  }

  /** The endpoint read is not the one assessed: authenticated roaming, or another writer. Look whether it works. */
  function onElsewhere(from: string | null, observation: Observation, now: Instant): void {
    // Without an assessment this is the first look after a search: nothing roamed.
    if (from !== null) report({ kind: 'roamed', from, to: observation.endpoint });
    generation++;
    proof = null;
    if (observation.endpoint === null) return rest({ kind: 'gone', detail: 'the peer was configured anew' });
    move('roamed');
    actions.push(...table.watch(observation.endpoint));
    assess(observation.endpoint, observation, now);
  }

  function onSetDone(observation: Observation, now: Instant): void {
    endpoint = observation.endpoint;
    rxBytes = observation.rxBytes;
    if (state === 'checking') {
      actions.push(...evidence.renew(generation, observation, now));
    } else if (state === 'setting' && attempt) {
      move('set');
      report({ kind: 'set', endpoint: attempt.endpoint, reason: reasonOf(attempt) });
      const isReset = attempt.pass === 'reset';
      assess(attempt.endpoint, isReset ? newborn(observation) : observation, now);
      // The interface may have shaken hands before it was read back.
      if (isReset) actions.push(...evidence.observed(observation, now));
      reverted = endpoint !== attempt.endpoint;
    } else if (state === 'restoring') {
      onRestored(observation, now);
    }
  }

  function onRestored(observation: Observation, now: Instant): void {
    if (observation.endpoint !== null)
      report({ kind: 'set', endpoint: observation.endpoint, reason: 'restore' });
    if (back.outcome() === null && observation.endpoint !== null) {
      move('recheck');
      return assess(observation.endpoint, observation, now);
    }
    // The peer stays roamed to wherever it heard us last until it hears us from here.
    actions.push(...evidence.packet(generation));
    rest(back.outcome() ?? { kind: 'none-works', detail: 'no candidate was proven' }, 'restored');
  }

  function onSetFailed(detail: string, now: Instant): void {
    if (state === 'checking') {
      // Setting the same endpoint again is only a favour: go on asking, under the generation that it has begun.
      actions.push(...evidence.renew(generation, null, now));
      return;
    }
    if (state !== 'setting' && state !== 'restoring') return;
    report({ kind: 'set-failed', endpoint: attempt?.endpoint ?? back.target() ?? '(none)', detail });
    // That a candidate could not even be set says nothing against it.
    if (attempt) return endTrial(attempt);
    if (back.failed(now.monotonicMs)) return;
    // Whatever was set last stays: the peer must hear us from there.
    if (endpoint !== null) actions.push(...evidence.packet(generation));
    rest({ kind: 'failed', detail: `${back.target() ?? 'it'} could not be put back: ${detail}` });
  }

  function step(now: Instant): void {
    actions.push(...table.step(now.monotonicMs));
    judgeDueMs = null;
    const retry = back.takeRetry(now.monotonicMs);
    if (retry !== null) set(retry, 'restore');
    if (now.monotonicMs >= config.deadlineMs)
      return onStop({ kind: 'none-works', detail: 'the time was up before a candidate was proven' });
    actions.push(...evidence.step(now));
    if (state === 'checking') judgeCheck(now);
    if (state === 'proving') judgeProving(now);
    if (state === 'alive') decideFailback(now);
    if (state === 'racing') tryNext(now);
  }

  function judgeCheck(now: Instant): void {
    const assessment = evidence.assessment();
    if (!assessment) return;
    if (assessment.proof) return onProven(assessment.proof);
    const verdict = judgeEndpoint(
      { config, table, evidence, assessment, mayQuick, searched: race !== null, reasserted },
      now.monotonicMs,
    );
    const quick = mayQuick && evidence.session();
    if (verdict.kind === 'reassert') {
      reasserted = true;
      set(assessment.endpoint, 'again');
    } else if (verdict.kind === 'undecided') {
      end({ kind: 'undecided', heard: verdict.heard, detail: verdict.reason });
    } else if (verdict.kind === 'condemned') {
      report({ kind: 'condemned', endpoint, reason: verdict.reason });
      table.noteTrial(assessment.endpoint, 'silent', now.monotonicMs);
      move('condemned');
      // A full search that was interrupted goes on: beginning anew would try the first candidate for ever.
      if (race?.scope !== 'full')
        race = beginRace(endpoint, verdict.early ? 'quick' : 'full', quick && !race, handshake);
      // Where only the peer lost the session, the first handshake comes 15 s after the first unanswered packet.
      mayBeGood =
        verdict.early || (!lastLook && evidence.session() && assessment.initiationSeenAtMs === null);
      proof = null;
      unproven = null;
      evidence.end();
      if (lastLook && race)
        follow(giveUp(searchOf(race), 'every candidate was tried on the tunnel, and none was proven'));
    } else if (race && assessment.rxGrewAtMs === null && admitNewcomer(race, table.listed(), quick)) {
      evidence.end();
      move('condemned');
    } else {
      judgeDueMs = now.monotonicMs + ours.judgeSpacingMs;
    }
  }

  function judgeProving(now: Instant): void {
    const assessment = evidence.assessment();
    if (!assessment || !attempt) return;
    const rtoMs = trialTimeoutMs(attempt.pass, evidence.rto, table.get(attempt.endpoint)?.hintRttMs ?? null);
    const verdict = judgeTrial(
      { assessment, pass: attempt.pass, session: evidence.session(), rtoMs, reverted },
      now.monotonicMs,
    );
    if (assessment.proof) onProven(assessment.proof);
    else if (verdict.kind === 'failed') onTrialFailed(attempt, verdict.reason, now);
    else if (race && makeWay(race, attempt, table.listed(), mayQuick && evidence.session()))
      endTrial(attempt);
    else judgeDueMs = now.monotonicMs + ours.judgeSpacingMs;
  }

  function onProven(found: Proof): void {
    proof = found;
    unproven = null;
    table.noteTrial(found.endpoint, 'proven', found.atMs);
    report({ kind: 'proven', proof: found });
    if (attempt?.fallback != null)
      report({ kind: 'fail-back', from: attempt.fallback, to: found.endpoint, outcome: 'done' });
    // What was just found by a search is not offered anything else in the same run.
    offered ||= race !== null || attempt !== null;
    attempt = null;
    move('proven');
    evidence.end();
  }

  function onTrialFailed(failed: Attempt, reason: string, now: Instant): void {
    report({ kind: 'trial-failed', endpoint: failed.endpoint, reason });
    if (!reverted) table.noteTrial(failed.endpoint, 'silent', now.monotonicMs);
    endTrial(failed);
  }

  function endTrial(failed: Attempt): void {
    attempt = null;
    evidence.end();
    if (failed.fallback !== null) {
      const outcome = reverted ? 'old-path-alive' : 'rolled-back';
      report({ kind: 'fail-back', from: failed.fallback, to: failed.endpoint, outcome });
      return putBack(failed.fallback, null);
    }
    if (reverted) {
      // Another endpoint holds: look whether that one works before anything else is tried.
      move('roamed');
      actions.push({ type: 'observe', generation: ++generation });
    } else {
      move('failed');
    }
  }

  function searchOf(search: Race): SearchInput {
    const timeoutMs = trialTimeoutMs('quick', evidence.rto, null);
    return { ...config, race: search, table, settled, mayBeGood, timeoutMs };
  }

  function tryNext(now: Instant): void {
    if (!race) return;
    const next = nextStep(searchOf(race), now.monotonicMs);
    actions.push(...next.actions);
    follow(next.step);
  }

  function follow(next: SearchStep): void {
    switch (next.kind) {
      case 'wait':
        judgeDueMs = next.untilMs;
        break;
      case 'end':
        end(next.outcome);
        break;
      case 'put-back':
        if (next.outcome === null) lastLook = race?.scope === 'full';
        putBack(next.endpoint, next.outcome);
        break;
      case 'try':
        report({ kind: 'trial', endpoint: next.endpoint, pass: next.pass });
        attempt = { endpoint: next.endpoint, pass: next.pass, fallback: null };
        unproven = next.endpoint;
        move('try');
        set(next.endpoint, reasonOf(attempt));
    }
  }

  function putBack(target: string, outcome: Outcome | null): void {
    back.begin(target, outcome);
    attempt = null;
    unproven = null;
    evidence.end();
    move('put-back');
    set(target, 'restore');
  }

  function decideFailback(now: Instant): void {
    if (offered || endpoint === null || proof === null) return rest({ kind: 'proven' });
    const verdict = judgeOffer({ ...config, table, settled, current: endpoint, proof }, now.monotonicMs);
    if (verdict.kind === 'leave') return rest({ kind: 'proven' });
    if (verdict.kind === 'wait') {
      judgeDueMs = verdict.untilMs;
      return;
    }
    offered = true;
    report({ kind: 'fail-back', from: endpoint, to: verdict.endpoint, outcome: 'offered' });
    if (config.dryRun) return rest({ kind: 'would-set', endpoint: verdict.endpoint });
    attempt = { endpoint: verdict.endpoint, pass: 'fail-back', fallback: endpoint };
    unproven = verdict.endpoint;
    move('offer');
    set(verdict.endpoint, 'fail-back');
  }

  /** The time is up or somebody said stop: whatever is on trial is taken back first. */
  function onStop(outcome: Outcome): void {
    if (state === 'restoring') return;
    if (proof !== null) return end({ kind: 'proven' });
    end(outcome.kind === 'none-works' && table.listed().length === 0 ? { kind: 'no-candidates' } : outcome);
  }

  function apply(event: PeerEvent, now: Instant): void {
    switch (event.type) {
      case 'start':
        actions.push({ type: 'observe', generation });
        break;
      case 'candidates':
        settled = event.settled;
        actions.push(...table.replace(event.candidates, now.monotonicMs));
        break;
      case 'observed':
        if (event.generation === generation) onObserved(event.observation, now);
        break;
      case 'observe-failed':
        if (state === 'starting') rest({ kind: 'failed', detail: event.detail });
        // Where an endpoint that took ours back cannot be looked at, the search goes on.
        else if (state === 'checking' && !evidence.assessment()) move('condemned');
        break;
      case 'set-done':
        if (event.generation === generation) onSetDone(event.observation, now);
        break;
      case 'set-failed':
        if (event.generation === generation) onSetFailed(event.detail, now);
        break;
      case 'peer-gone':
        rest({ kind: 'gone', detail: event.detail });
        break;
      case 'shutdown':
        onStop({ kind: 'stopped', detail: event.reason });
        break;
      default:
        if (event.type === 'probed')
          race?.handshakes?.noted(event.endpoint, event.verdict, event.rttMs, now.monotonicMs);
        actions.push(...table.note(event, now.monotonicMs), ...evidence.note(event, now));
    }
  }

  return {
    handle(event, now) {
      actions = [];
      if (state !== 'resting') apply(event, now);
      if (state !== 'resting') step(now);
      const resting = actions.findIndex((action) => action.type === 'rest');
      if (resting !== -1) actions.splice(resting, 0, ...table.conclude(now.monotonicMs));
      return actions;
    },
    nextDueMs() {
      if (state === 'resting') return null;
      const deadlineMs = state === 'restoring' ? null : config.deadlineMs;
      return earliest(table.nextDueMs(), evidence.nextDueMs(), judgeDueMs, back.nextDueMs(), deadlineMs);
    },
    generation: () => generation,
    snapshot: () => ({ state, generation, endpoint, proof, candidates: table.copies() }),
  };
}
