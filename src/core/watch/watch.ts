import type { Outcome, PeerAction } from '../action.ts';
import { createBackoff } from '../backoff.ts';
import { type Candidate, type CandidateState, failedCandidate } from '../candidate.ts';
import type { PeerEvent } from '../event.ts';
import type { Fact } from '../fact.ts';
import type { Instant } from '../instant.ts';
import type { Machine } from '../machine.ts';
import type { Observation } from '../observation.ts';
import { createPeer } from '../peer.ts';
import type { Proof } from '../proof.ts';
import { createRto } from '../rto.ts';
import { createTimers, earliest } from '../timers.ts';
import { createCandidateMemory } from './candidate-memory.ts';
import { healthOf } from './health.ts';
import { createParking } from './parking.ts';
import { patience } from './patience.ts';
import { createResetLimit } from './reset-limit.ts';
import { createResponders } from './responders.ts';
import { switchReason } from './switch-reason.ts';
import { createTunnelTest, type TestVerdict } from './tunnel-test.ts';
import { createUnlisted } from './unlisted.ts';
import { type LookReason, nextWatchState, type WatchState } from './watch-transitions.ts';
import type { Health, Switch, Watch, WatchAction, WatchConfig, WatchEvent } from './watch-types.ts';
import { createWayBack } from './way-back.ts';

/**
 * Watches one peer for ever. While the tunnel is alive it is tested with as little as possible; at any doubt the
 * same engine as in a one-shot takes a close look, and proves, tries and puts back. When nothing works it waits,
 * parked on the most likely endpoint, and searches again and again.
 */
export function createWatch(config: WatchConfig): Watch {
  const rto = createRto();
  const backoff = createBackoff();
  const parking = createParking();
  const wayBack = createWayBack(config);
  const unlisted = createUnlisted();
  const resets = createResetLimit(config.handshakes);
  /** Of a look: the counters could not be read, or names are asked again. */
  const reminders = createTimers<'read' | 'ask'>();
  let state: WatchState = 'idle';
  let look: Machine | null = null;
  let lookReason: LookReason = 'start';
  let generation = 0;
  let echoNumber = 0;
  let endpoint: string | null = null;
  let proof: Proof | null = null;
  let provenOnce = false;
  let busy = false;
  let candidates: readonly Candidate[] = [];
  /** The same with nothing known of them, for whoever asks between two searches. */
  let listed: readonly CandidateState[] = [];
  let settled = false;
  let lastSwitch: Switch | null = null;
  let origin: string | null = null;
  let pauseReason: string | null = null;
  let reason: string | null = null;
  let undecided = false;
  let health: Health = 'unknown';
  const memory = createCandidateMemory(config.failedAtMs);
  const responders = createResponders(config.echoTargets);
  let actions: WatchAction[] = [];
  const test = createTunnelTest({
    profile: config.profile,
    echoTargets: config.echoTargets,
    rto,
    whenIdle: config.testWhenIdle,
    nextEcho: () => ++echoNumber,
    generation: () => generation,
  });

  // ---- a close look ----

  function startLook(why: LookReason, condemned: string | null, now: Instant, overdue = false): void {
    const wasAlive = state === 'alive' && !undecided;
    state = nextWatchState(state, 'look');
    lookReason = why;
    actions.push({ type: 'resolve' });
    reminders.set('ask', now.monotonicMs + patience.askAgainMs);
    look = createPeer({
      prefer: config.prefer,
      echoTargets: config.echoTargets,
      dryRun: false,
      deadlineMs: Number.POSITIVE_INFINITY,
      failbackMemory: wayBack.memory(now.monotonicMs),
      failedAtMs: memory.failedAtMs,
      unlisted: unlisted.now(endpoint, now.monotonicMs),
      handshake: resets.now(now.monotonicMs),
      known: {
        generation: ++generation,
        echo: echoNumber,
        rto,
        spacingMs: config.profile.suspectSpacingMs,
        responder: provenOnce ? responders.best() !== null : null,
        overdue,
        wasAlive,
        pingAnswered: memory.answersPings(endpoint),
        condemned,
        offer: why === 'fail-back',
      },
    });
    forward({ type: 'start' }, now);
    forward({ type: 'candidates', candidates, settled }, now);
  }

  function forward(event: PeerEvent, now: Instant): void {
    if (!look) return;
    for (const action of look.handle(event, now)) {
      if (action.type === 'rest') {
        onLookEnded(action.outcome, now);
        return;
      }
      if (action.type === 'report') note(action.fact, now);
      if (action.type === 'echo') rememberEcho(action.echo, action.target);
      actions.push(action);
    }
  }

  function rememberEcho(echo: number, target: string): void {
    echoNumber = Math.max(echoNumber, echo);
    responders.asked(echo, target);
  }

  function note(fact: Fact, now: Instant): void {
    if (fact.kind === 'endpoint-found') origin ??= fact.endpoint;
    if (fact.kind === 'condemned') reason = fact.reason;
    resets.note(fact, now.monotonicMs);
    if (fact.kind === 'fail-back' && fact.outcome !== 'offered') {
      wayBack.offered(fact.to, fact.outcome !== 'rolled-back', now.monotonicMs);
    }
  }

  function onLookEnded(outcome: Outcome, now: Instant): void {
    if (!look) return;
    const snapshot = look.snapshot();
    look = null;
    reminders.clearAll();
    generation = snapshot.generation;
    memory.learn(snapshot.candidates, snapshot.proof);
    listed = candidates.map((one) => failedCandidate(one, memory.failedAtMs));
    noteSwitch(snapshot.endpoint, snapshot.proof !== null, now);
    endpoint = snapshot.endpoint;
    proof = snapshot.proof;
    if (pauseReason !== null) return pause(pauseReason);
    if (outcome.kind === 'gone') state = nextWatchState(state, 'gone');
    else if (outcome.kind === 'proven' || outcome.kind === 'undecided')
      becomeAlive(outcome.kind === 'proven', now);
    else park('detail' in outcome ? outcome.detail : 'its name does not resolve', now);
  }

  /** A move counts from where the tunnel last worked (or was found) to where it is proven, whatever lay between. */
  function noteSwitch(to: string | null, proven: boolean, now: Instant): void {
    if (to !== endpoint) unlisted.reset();
    if (to === null || !proven) return;
    if (origin !== null && origin !== to)
      lastSwitch = { atWallMs: now.wallMs, from: origin, to, reason: reason ?? switchReason(lookReason) };
    origin = to;
  }

  // ---- alive ----

  function becomeAlive(proven: boolean, now: Instant): void {
    state = nextWatchState(state, 'alive');
    backoff.reset();
    undecided = !proven;
    reason = proven ? null : 'the peer is heard, but nothing shows that it hears us';
    provenOnce ||= proven;
    // Silent while the tunnel lives: the inner address may have gone. It counts again when it answers again.
    if (proof?.kind !== 'echo') responders.disqualify();
    test.begin(responders.best(), now.monotonicMs);
    if (endpoint !== null) wayBack.begin(endpoint, listed, now.monotonicMs);
    if (proven && endpoint !== null) parking.worked(endpoint, now.monotonicMs);
  }

  function stepAlive(now: Instant): void {
    const tested = test.step(now.monotonicMs);
    push(tested.actions);
    if (tested.verdict) return onVerdict(tested.verdict, now);
    const back = wayBack.step(now.monotonicMs, busy);
    push(back.actions);
    if (back.offerDue) startLook('fail-back', null, now);
    else if (!busy && config.failbackMs !== null && unlisted.isLookDue(now.monotonicMs))
      startLook('fail-back', null, now);
  }

  function push(more: readonly PeerAction[]): void {
    for (const action of more) {
      if (action.type === 'echo') rememberEcho(action.echo, action.target);
      actions.push(action);
    }
  }

  function onVerdict(verdict: TestVerdict, now: Instant): void {
    if (verdict.kind === 'doubt') return startLook('suspicion', null, now, verdict.overdue);
    if (endpoint === null) return;
    proof = { kind: verdict.proof, endpoint, atMs: verdict.atMs, rttMs: verdict.rttMs };
    provenOnce = true;
    undecided = false;
    reason = null;
    parking.worked(endpoint, now.monotonicMs);
  }

  // ---- parked ----

  function park(why: string, now: Instant): void {
    state = nextWatchState(state, 'park');
    reason = why;
    proof = null;
    wayBack.end();
    parking.begin(now.monotonicMs, backoff.next(now.monotonicMs), config.profile);
    const place = parking.place(candidates, endpoint);
    if (place === null || place === endpoint) return;
    actions.push({ type: 'set', endpoint: place, generation: ++generation, reason: 'restore' });
  }

  function stepParked(now: Instant): void {
    const due = parking.step(now.monotonicMs);
    if (due.packet) {
      const target = config.echoTargets[0];
      if (target !== undefined) push([{ type: 'echo', echo: ++echoNumber, target, generation }]);
    }
    if (due.read) actions.push({ type: 'observe', generation });
    if (due.search) {
      startLook('retry', reason ?? 'nothing came back', now);
    }
  }

  // ---- what comes in ----

  function onObserved(observation: Observation, now: Instant): void {
    if (state === 'alive') {
      if (observation.endpoint !== endpoint) {
        actions.push({ type: 'report', fact: { kind: 'roamed', from: endpoint, to: observation.endpoint } });
        return startLook('roamed', null, now);
      }
      const verdict = test.observed(observation, now);
      if (verdict) onVerdict(verdict, now);
    } else if (state === 'parked' || state === 'paused') {
      // A set that seemed to fail may have taken effect, the peer may have roamed, the operator may have set it.
      endpoint = observation.endpoint;
      if (state === 'parked' && parking.observed(observation, now.monotonicMs))
        startLook('sign-of-life', null, now);
    }
  }

  function onAnswered(echo: number, rttMs: number, now: Instant): void {
    const target = responders.answered(echo);
    if (target === null) return;
    if (state === 'alive') {
      onVerdict(test.answered(target, rttMs, now.monotonicMs), now);
    } else if (state === 'parked') {
      startLook('sign-of-life', null, now);
    }
  }

  function onCandidates(event: Extract<PeerEvent, { type: 'candidates' }>, now: Instant): void {
    candidates = event.candidates;
    listed = candidates.map((one) => failedCandidate(one, memory.failedAtMs));
    settled = event.settled;
    unlisted.noted(endpoint, candidates, settled, now.monotonicMs);
    if (state === 'alive' && endpoint !== null) wayBack.begin(endpoint, listed, now.monotonicMs);
    if (state === 'parked' && parking.isNews(candidates)) startLook('news', reason, now);
  }

  function pause(why: string): void {
    state = nextWatchState(state, 'pause');
    reason = why;
    pauseReason = null;
  }

  function apply(event: WatchEvent, now: Instant): void {
    switch (event.type) {
      case 'start':
        if (state === 'idle') startLook('start', null, now);
        break;
      case 'resume':
        pauseReason = null;
        if (state === 'paused') startLook('start', null, now);
        break;
      case 'pause':
        pauseReason = event.reason ?? 'paused by the operator';
        if (look) forward({ type: 'shutdown', reason: pauseReason }, now);
        else if (state !== 'paused') pause(pauseReason);
        break;
      case 'candidates':
        onCandidates(event, now);
        forward(event, now);
        break;
      case 'busy':
        busy = event.busy;
        test.busy(event.busy, now.monotonicMs);
        break;
      case 'network-changed':
        backoff.reset();
        wayBack.forget(now.monotonicMs);
        if (state === 'alive') test.hurry(now.monotonicMs);
        if (state === 'parked') startLook('network-changed', null, now);
        break;
      case 'stalled':
        (state === 'alive' ? test : parking).forgive(now.monotonicMs);
        forward(event, now);
        break;
      case 'observe-failed':
        // Nothing can be said of a peer that cannot be read, least of all that it is dead.
        if (look?.snapshot().state === 'starting')
          reminders.set('read', now.monotonicMs + patience.readAgainMs);
        else forward(event, now);
        break;
      case 'observed':
        if (event.generation !== generationNow()) break;
        if (look) forward(event, now);
        else onObserved(event.observation, now);
        break;
      case 'echo-answered':
        if (look) {
          responders.answered(event.echo);
          forward(event, now);
        } else if (event.generation === generation) onAnswered(event.echo, event.rttMs, now);
        break;
      case 'hint':
        if (event.outcome === 'answered') memory.pinged(event.endpoint);
        if (look) forward(event, now);
        else wayBack.hinted(event.endpoint, event.outcome === 'answered');
        break;
      case 'set-done':
        if (look) forward(event, now);
        else if (event.generation === generation) onParked(event.observation);
        break;
      case 'peer-gone':
        if (look) forward(event, now);
        else if (state !== 'gone') state = nextWatchState(state, 'gone');
        break;
      default:
        forward(event, now);
    }
  }

  function onParked(observation: Observation): void {
    endpoint = observation.endpoint;
    const target = config.echoTargets[0];
    if (target !== undefined) push([{ type: 'echo', echo: ++echoNumber, target, generation }]);
  }

  function stepReminders(now: Instant): void {
    for (const reminder of reminders.takeExpired(now.monotonicMs)) {
      const looked = look?.snapshot();
      if (reminder === 'ask' && looked) {
        reminders.set('ask', now.monotonicMs + patience.askAgainMs);
        if (looked.proof === null) actions.push({ type: 'resolve' });
      } else if (looked?.state === 'starting') {
        actions.push({ type: 'observe', generation: looked.generation });
      }
    }
  }

  function generationNow(): number {
    return look?.generation() ?? generation;
  }

  function nextDueMs(): number | null {
    if (state === 'looking') return earliest(look?.nextDueMs() ?? null, reminders.nextDueMs());
    if (state === 'alive') return earliest(test.nextDueMs(), wayBack.nextDueMs());
    return state === 'parked' ? parking.nextDueMs() : null;
  }

  return {
    handle(event, now) {
      actions = [];
      if (state === 'gone') return actions;
      const dueMs = nextDueMs();
      if (dueMs !== null && now.monotonicMs - dueMs >= patience.stallMs && event.type !== 'stalled')
        apply({ type: 'stalled' }, now);
      apply(event, now);
      stepReminders(now);
      if (state === 'alive') stepAlive(now);
      else if (state === 'parked') stepParked(now);
      const search = look?.snapshot().state ?? null;
      health = healthOf({ state, lookReason, search, provenOnce, undecided, before: health });
      return actions;
    },
    nextDueMs,
    generation: generationNow,
    snapshot() {
      const now = look?.snapshot();
      return {
        state,
        health,
        reason,
        generation: generationNow(),
        endpoint: now?.endpoint ?? endpoint,
        proof: now?.proof ?? proof,
        candidates: now?.candidates ?? listed,
        lastSwitch,
        fallbackSinceMs: wayBack.fallbackSinceMs(),
        lastGood: parking.lastGood(),
        offers: wayBack.offers(),
      };
    },
  };
}
