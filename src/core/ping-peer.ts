import type { PeerAction } from './action.ts';
import { createCandidateTable } from './candidate-table.ts';
import type { PeerEvent } from './event.ts';
import type { Instant } from './instant.ts';
import type { Machine, MachineConfig } from './machine.ts';
import type { Observation } from './observation.ts';
import { choosePing } from './ping-choice.ts';
import { earliest } from './timers.ts';
import { nextState, type State, type Trigger } from './transitions.ts';

/**
 * The machine for `--probe icmp`: ICMP echo outside the tunnel decides alone, as in the article's script, and
 * nothing is proven. A wrong host that answers ping is therefore taken; `--probe auto` is the cure.
 */
export function createPingPeer(config: MachineConfig): Machine {
  const table = createCandidateTable(config.failedAtMs);
  let state: State = 'starting';
  let generation = 0;
  let endpoint: string | null = null;
  let settled = false;
  /** When the first candidate was known. */
  let startedAtMs: number | null = null;
  let waitUntilMs: number | null = null;

  function move(trigger: Trigger): void {
    state = nextState(state, trigger);
  }

  function decide(nowMs: number): PeerAction[] {
    const outOfTime = nowMs >= config.deadlineMs;
    waitUntilMs = null;
    if (state === 'starting' && outOfTime) {
      move('stop');
      return [{ type: 'rest', outcome: { kind: 'failed', detail: "the time was up before 'wg' answered" } }];
    }
    if (state !== 'racing') return [];
    const candidates = table.listed().filter((candidate) => candidate.route !== 'in-tunnel');
    if (candidates.length === 0) {
      if (!settled && !outOfTime) return [];
      move('stop');
      return [
        { type: 'rest', outcome: table.listed().length === 0 ? { kind: 'no-candidates' } : noneAnswered() },
      ];
    }
    const choice = choosePing(
      {
        candidates,
        current: endpoint,
        prefer: config.prefer,
        settled: settled || outOfTime,
        startedAtMs: startedAtMs ?? nowMs,
        graceEndsAtMs: table.graceEndsAtMs,
      },
      nowMs,
    );
    waitUntilMs = choice.kind === 'wait' ? choice.untilMs : null;
    if (choice.kind === 'wait' && !outOfTime) return [];
    if (choice.kind !== 'choose') {
      move('stop');
      return [{ type: 'rest', outcome: noneAnswered() }];
    }
    return take(choice.endpoint);
  }

  function take(chosen: string): PeerAction[] {
    if (chosen === endpoint) {
      move('stop');
      return [{ type: 'rest', outcome: { kind: 'chosen' } }];
    }
    if (config.dryRun) {
      move('stop');
      return [{ type: 'rest', outcome: { kind: 'would-set', endpoint: chosen } }];
    }
    move('try');
    generation++;
    return [
      { type: 'report', fact: { kind: 'setting', endpoint: chosen, reason: 'hint' } },
      { type: 'set', endpoint: chosen, generation, reason: 'hint' },
    ];
  }

  function afterSet(observation: Observation): PeerAction[] {
    const wanted = table.listed().find((candidate) => candidate.endpoint === observation.endpoint);
    endpoint = observation.endpoint;
    move('stop');
    // The peer stays roamed to wherever it heard us last until a packet goes out over the new endpoint.
    const target = config.echoTargets[0];
    const packet: PeerAction[] = target ? [{ type: 'echo', echo: 0, target, generation }] : [];
    const report: PeerAction = wanted
      ? { type: 'report', fact: { kind: 'set', endpoint: wanted.endpoint, reason: 'hint' } }
      : { type: 'report', fact: { kind: 'reverted', endpoint: endpoint ?? '(none)', to: endpoint } };
    return [...packet, report, { type: 'rest', outcome: { kind: 'chosen' } }];
  }

  function noneAnswered() {
    return { kind: 'none-works', detail: 'no candidate answered an ICMP echo' } as const;
  }

  function apply(event: PeerEvent, now: Instant): PeerAction[] {
    switch (event.type) {
      case 'start':
        return [{ type: 'observe', generation }];
      case 'candidates':
        settled = event.settled;
        if (event.candidates.length > 0) startedAtMs ??= now.monotonicMs;
        return table.replace(event.candidates, now.monotonicMs);
      case 'observed':
        if (state !== 'starting') return [];
        endpoint = event.observation.endpoint;
        move('no-endpoint');
        return [{ type: 'report', fact: { kind: 'endpoint-found', endpoint } }];
      case 'set-done':
        return state === 'setting' ? afterSet(event.observation) : [];
      case 'set-failed':
      case 'observe-failed':
        if (event.type === 'observe-failed' && state !== 'starting') return [];
        move('stop');
        return [{ type: 'rest', outcome: { kind: 'failed', detail: event.detail } }];
      case 'peer-gone':
        move('stop');
        return [{ type: 'rest', outcome: { kind: 'gone', detail: event.detail } }];
      case 'shutdown':
        move('stop');
        return [{ type: 'rest', outcome: { kind: 'stopped', detail: event.reason } }];
      default:
        return table.note(event, now.monotonicMs);
    }
  }

  return {
    handle(event, now) {
      if (state === 'resting') return [];
      const actions = apply(event, now);
      if (!actions.some((action) => action.type === 'rest')) {
        actions.push(...table.step(now.monotonicMs), ...decide(now.monotonicMs));
      }
      const decided = actions.findIndex((action) => action.type === 'set' || action.type === 'rest');
      if (decided !== -1) actions.unshift(...table.conclude(now.monotonicMs));
      return actions;
    },
    nextDueMs() {
      if (state === 'resting') return null;
      // A set that is under way is waited for: it ends by itself, with a packet after it.
      const deadlineMs = state === 'setting' ? null : config.deadlineMs;
      return earliest(table.nextDueMs(), waitUntilMs, deadlineMs);
    },
    generation: () => generation,
    snapshot: () => ({ state, generation, endpoint, proof: null, candidates: table.copies() }),
  };
}
