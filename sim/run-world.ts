import type { EndObserver } from './driver/managed-end.ts';
import { startPings } from './inner/traffic.ts';
import { createInspector, type Inspector, type Violation } from './inspector.ts';
import { createTracer } from './trace.ts';
import { tunnelAddresses } from './tunnel.ts';
import { otherEnd } from './views.ts';
import { createWorld, type World } from './world.ts';

/** What became of a world. */
export type WorldResult =
  | { readonly kind: 'fine'; readonly recoveredMs: number; readonly simulatedMs: number }
  | { readonly kind: 'violated'; readonly invariant: string; readonly detail: string; readonly atMs: number }
  /** The faults had stopped, one way was left, and the tunnel did not work within the bound. */
  | { readonly kind: 'not-up'; readonly left: string; readonly detail: string; readonly atMs: number }
  /** The engine threw. */
  | { readonly kind: 'threw'; readonly detail: string; readonly atMs: number };

/**
 * How long after the last fault the tunnel must work: a pause of 60 s, the detection of a slow profile (2 min idle),
 * up to six candidates of which each may take 20 s, twice, since the answer may come after the search began; and a
 * back step of the clock, during which the peer ignores every handshake.
 */
export const recoveryBoundMs = 60_000 + 160_000 + 2 * 6 * 20_000 + 60_000;

/** Runs one world to its end. `write` gets a readable trace, a line at a time. */
export function runWorld(seed: number, write?: (line: string) => void): WorldResult {
  let world: World | null = null;
  let failure: Extract<WorldResult, { kind: 'violated' }> | null = null;
  const nowMs = (): number => world?.clock.nowMs() ?? 0;
  const fail = (violation: Violation): void => {
    failure ??= { kind: 'violated', ...violation, atMs: nowMs() };
  };
  const inspector = createInspector(fail);
  const others = new Map<string, Inspector>();
  const observerOf = (name: string): EndObserver => {
    const made = createInspector(({ invariant, detail }) =>
      fail({ invariant, detail: `${name}: ${detail}` }),
    );
    others.set(name, made);
    return made.observer;
  };
  const note = (text: string): void => write?.(`${(nowMs() / 1_000).toFixed(3).padStart(11)} ## ${text}`);
  const tracer = write && createTracer({ nowMs, end: () => (world as World).managed, write });

  try {
    const observer = tracer ? both(tracer, inspector.observer) : inspector.observer;
    const made = createWorld(seed, observer, note, observerOf);
    world = made;
    inspector.begin(made);
    for (const view of [otherEnd(made), ...made.neighbours])
      if (view) others.get(view.managed.name)?.begin(view);
    write?.(JSON.stringify(made.swarm));
    made.start();
    const step = (untilMs: number, done: () => boolean): void => {
      while (!failure && made.clock.nowMs() < untilMs && !done()) {
        made.clock.runFor(1_000);
        inspector.second();
        for (const other of others.values()) other.second();
      }
    };
    step(made.swarm.faultsForMs, () => false);
    if (failure) return failure;
    return recover(made, step, () => failure, note);
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'threw', detail, atMs: nowMs() };
  }
}

/** Tells two observers, the first one first. */
function both(one: EndObserver, other: EndObserver): EndObserver {
  return {
    handled(event) {
      one.handled?.(event);
      other.handled?.(event);
    },
    asked(action) {
      one.asked?.(action);
      other.asked?.(action);
    },
    written(endpoint, action) {
      one.written?.(endpoint, action);
      other.written?.(endpoint, action);
    },
    echoSent(echo, how) {
      one.echoSent?.(echo, how);
      other.echoSent?.(echo, how);
    },
  };
}

/** The second phase: faults are over, one way is left, somebody uses the tunnel. */
function recover(
  world: World,
  step: (untilMs: number, done: () => boolean) => void,
  failure: () => WorldResult | null,
  note: (text: string) => void,
): WorldResult {
  const { clock, client, managed, swarm } = world;
  const left = world.stopFaults();
  note(`faults are over; what is left: ${left}`);
  const fromMs = Math.max(clock.nowMs(), world.excusedUntilMs());
  const traffic = startPings(clock, client.inner, tunnelAddresses.serverInner, 1_000);
  let heardAtMs: number | null = null;
  world.server.inner.onReceive(() => {
    heardAtMs = clock.nowMs();
  });
  const works = (): boolean => {
    // Where nobody answers inside, what arrives there is all that anybody can see.
    const throughMs = swarm.inside === 'answers' ? traffic.lastAnswerMs() : heardAtMs;
    const living = world.truth.livingSinceMs(managed.endpoint() ?? '') !== null;
    const allUp = world.neighbours.every((one) => one.managed.watch().snapshot().health === 'up');
    return (
      allUp &&
      living &&
      throughMs !== null &&
      throughMs > fromMs + 1_000 &&
      managed.watch().snapshot().health === 'up'
    );
  };
  step(fromMs + recoveryBoundMs, works);
  const failed = failure();
  if (failed) return failed;
  const recoveredMs = Math.max(0, clock.nowMs() - fromMs);
  if (works()) return { kind: 'fine', recoveredMs, simulatedMs: clock.nowMs() };
  const { state, health, reason } = managed.watch().snapshot();
  const detail = `${state} (${health}) on ${managed.endpoint() ?? '(none)'}: ${reason ?? 'no reason'}`;
  return { kind: 'not-up', left, detail, atMs: clock.nowMs() };
}
