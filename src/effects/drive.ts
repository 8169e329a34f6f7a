import type { Outcome, PeerAction } from '../core/action.ts';
import type { PeerEvent } from '../core/event.ts';
import type { Fact } from '../core/fact.ts';
import type { Instant } from '../core/instant.ts';
import type { EchoResult } from '../probe/echo.ts';
import type { InterfaceEffects, PeerReading } from './interface-effects.ts';

/** A decision engine that can be connected: the search of a one-shot, or a watched peer. */
export interface Engine<Event> {
  handle(event: Event | PeerEvent, now: Instant): readonly (PeerAction | { readonly type: 'resolve' })[];
  nextDueMs(): number | null;
}

/** An engine that is connected to the real world. */
export interface Drive<Event> {
  /** Hands the engine an event and carries out what it asks for. */
  dispatch(event: Event | PeerEvent): void;
  /** Settles when the engine rests for the first time. Rejects only for a bug of the engine. */
  readonly rested: Promise<Outcome>;
  /** No further events reach the engine. */
  stop(): void;
}

/** What connects an engine. */
export interface DriveOptions<Event> {
  readonly engine: Engine<Event>;
  /** Public key. */
  readonly peer: string;
  readonly effects: InterfaceEffects;
  readonly onFact: (fact: Fact) => void;
  /** The engine wants its names asked again. */
  readonly onResolve?: () => void;
  /** Called after each event, when the engine's state may have changed. */
  readonly onChange?: () => void;
  /** What the engine is told when its timer came late by a second or more (a stopped process, a swapping host). */
  readonly stalled?: Event;
}

/** The shortest time-out of an echo is 200 ms; a timer that is late by five of them says nothing about the path. */
const stallMs = 1_000;
const maxDelayMs = 3_600_000;

/** The moment now, as the core wants it. */
export function readInstant(): Instant {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/** Connects an engine: its actions are carried out, their results come back to it, its timers run. */
export function drive<Event = PeerEvent>(options: DriveOptions<Event>): Drive<Event> {
  const { engine, peer, effects } = options;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let resolveRested: (outcome: Outcome) => void = () => {};
  let rejectRested: (reason: unknown) => void = () => {};
  const rested = new Promise<Outcome>((resolve, reject) => {
    resolveRested = resolve;
    rejectRested = reject;
  });

  function dispatch(event: Event | PeerEvent): void {
    if (stopped) return;
    try {
      for (const action of engine.handle(event, readInstant())) carryOut(action);
      arm();
      options.onChange?.();
    } catch (error) {
      stopped = true;
      rejectRested(error);
    }
  }

  function arm(): void {
    clearTimeout(timer);
    const dueMs = engine.nextDueMs();
    if (dueMs === null || stopped) return;
    const delayMs = Math.ceil(dueMs - performance.now());
    // A timer of Node holds 24 days at the most; looking earlier changes nothing.
    if (delayMs > maxDelayMs) timer = setTimeout(arm, maxDelayMs);
    else timer = setTimeout(() => onTimer(dueMs), Math.max(0, delayMs));
  }

  /** Answers that came while nobody looked are read first: a time-out that is delivered late is void. */
  function onTimer(dueMs: number): void {
    if (performance.now() - dueMs < stallMs) {
      dispatch({ type: 'time' });
      return;
    }
    setImmediate(() => {
      if (options.stalled) dispatch(options.stalled);
      dispatch({ type: 'time' });
    });
  }

  async function observe(generation: number): Promise<void> {
    const readAtMs = performance.now();
    dispatch(observeEvent(generation, await effects.observe(peer), readAtMs));
  }

  function carryOut(action: PeerAction | { readonly type: 'resolve' }): void {
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
        void observe(action.generation);
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
      case 'probe':
        effects.probe(peer, action.endpoint, action.timeoutMs, (verdict, rttMs) =>
          dispatch({ type: 'probed', endpoint: action.endpoint, verdict, rttMs }),
        );
        break;
      case 'probe-end':
        effects.endProbes(peer);
        break;
      case 'reset':
        void effects
          .reset(peer, action.endpoint, action.rxBytes)
          .then((reading) => dispatch(setEvent(action.generation, reading)));
        break;
      case 'report':
        options.onFact(action.fact);
        break;
      case 'resolve':
        options.onResolve?.();
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

function observeEvent(generation: number, reading: PeerReading, readAtMs: number): PeerEvent {
  if (reading.kind === 'ok')
    return { type: 'observed', generation, observation: { ...reading.observation, readAtMs } };
  if (reading.kind === 'peer-gone') return { type: 'peer-gone', detail: reading.detail };
  return { type: 'observe-failed', generation, detail: reading.detail };
}

function setEvent(generation: number, reading: PeerReading): PeerEvent {
  if (reading.kind === 'ok') return { type: 'set-done', generation, observation: reading.observation };
  if (reading.kind === 'peer-gone') return { type: 'peer-gone', detail: reading.detail };
  return { type: 'set-failed', generation, detail: reading.detail };
}
