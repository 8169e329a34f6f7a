import type { Outcome, PeerAction } from '../core/action.ts';
import type { PeerEvent } from '../core/event.ts';
import type { Fact } from '../core/fact.ts';
import type { Instant } from '../core/instant.ts';
import type { Machine } from '../core/machine.ts';
import type { EchoResult } from '../probe/echo.ts';
import type { InterfaceEffects, PeerReading } from './interface-effects.ts';

/** A machine that is connected to the real world. */
export interface Drive {
  /** Hands the machine an event and carries out what it asks for. */
  dispatch(event: PeerEvent): void;
  /** Settles when the machine rests for the first time. Never rejects for anything that happens outside. */
  readonly rested: Promise<Outcome>;
  /** No further events reach the machine. */
  stop(): void;
}

/** What connects a machine. */
export interface DriveOptions {
  readonly machine: Machine;
  /** Public key. */
  readonly peer: string;
  readonly effects: InterfaceEffects;
  readonly onFact: (fact: Fact) => void;
}

/** The moment now, as the core wants it. */
export function readInstant(): Instant {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/** Connects a machine: its actions are carried out, their results come back to it, its timers run. */
export function drive(options: DriveOptions): Drive {
  const { machine, peer, effects } = options;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let resolveRested: (outcome: Outcome) => void = () => {};
  let rejectRested: (reason: unknown) => void = () => {};
  const rested = new Promise<Outcome>((resolve, reject) => {
    resolveRested = resolve;
    rejectRested = reject;
  });

  function dispatch(event: PeerEvent): void {
    if (stopped) return;
    try {
      for (const action of machine.handle(event, readInstant())) carryOut(action);
      arm();
    } catch (error) {
      stopped = true;
      rejectRested(error);
    }
  }

  function arm(): void {
    clearTimeout(timer);
    const dueMs = machine.nextDueMs();
    if (dueMs === null || stopped) return;
    timer = setTimeout(() => dispatch({ type: 'time' }), Math.max(0, Math.ceil(dueMs - performance.now())));
  }

  function carryOut(action: PeerAction): void {
    switch (action.type) {
      case 'route':
        void effects
          .route(action.endpoint)
          .then((verdict) => dispatch({ type: 'routed', endpoint: action.endpoint, verdict }));
        break;
      case 'hint':
        effects.echoOutside(action.endpoint, (result) => dispatch(hintEvent(action.endpoint, result)));
        break;
      case 'observe':
        void effects.observe(peer).then((reading) => dispatch(observeEvent(action.generation, reading)));
        break;
      case 'echo':
        effects.echoInside(action.target, (result) =>
          dispatch(echoEvent(action.echo, action.generation, result)),
        );
        break;
      case 'set':
        void effects
          .set(peer, action.endpoint)
          .then((reading) => dispatch(setEvent(action.generation, reading)));
        break;
      case 'report':
        options.onFact(action.fact);
        break;
      case 'rest':
        resolveRested(action.outcome);
        break;
    }
  }

  return {
    dispatch,
    rested,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function hintEvent(endpoint: string, result: EchoResult): PeerEvent {
  if (result.kind === 'answered') return { type: 'hint', endpoint, outcome: 'answered', rttMs: result.rttMs };
  return { type: 'hint', endpoint, outcome: 'unroutable', rttMs: null };
}

function echoEvent(echo: number, generation: number, result: EchoResult): PeerEvent {
  if (result.kind === 'answered') return { type: 'echo-answered', echo, generation, rttMs: result.rttMs };
  return { type: 'echo-failed', echo, generation, detail: result.detail };
}

function observeEvent(generation: number, reading: PeerReading): PeerEvent {
  if (reading.kind === 'ok') return { type: 'observed', generation, observation: reading.observation };
  if (reading.kind === 'peer-gone') return { type: 'peer-gone', detail: reading.detail };
  return { type: 'observe-failed', generation, detail: reading.detail };
}

function setEvent(generation: number, reading: PeerReading): PeerEvent {
  if (reading.kind === 'ok') return { type: 'set-done', generation, observation: reading.observation };
  if (reading.kind === 'peer-gone') return { type: 'peer-gone', detail: reading.detail };
  return { type: 'set-failed', generation, detail: reading.detail };
}
