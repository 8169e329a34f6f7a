import type { EndObserver } from './driver/managed-end.ts';
import { startPings } from './inner/traffic.ts';
import { invariants } from './invariants/index.ts';
import type { Invariant } from './invariants/invariant.ts';
import { createTracer } from './trace.ts';
import { tunnelAddresses } from './tunnel.ts';
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
  let checks: readonly Invariant[] = [];
  let failure: Extract<WorldResult, { kind: 'violated' }> | null = null;
  let lastProofAtMs: number | null = null;
  const nowMs = (): number => world?.clock.nowMs() ?? 0;
  const check = (ask: (one: Invariant) => string | null | undefined): void => {
    for (const one of checks) {
      const detail = ask(one);
      if (detail) failure ??= { kind: 'violated', invariant: one.name, detail, atMs: nowMs() };
    }
  };
  const tracer = write
    ? createTracer({ nowMs, end: () => (world as World).managed, write })
    : ({} satisfies EndObserver as EndObserver);
  let before: string | null = null;
  let circle = { fromMs: 0, events: 0 };
  const observer: EndObserver = {
    handled(event) {
      tracer.handled?.(event);
      if (nowMs() - circle.fromMs > 1_000) circle = { fromMs: nowMs(), events: 0 };
      if (++circle.events > 5_000) throw new Error(`it runs in circles; the last event was ${event.type}`);
      check((one) => one.handled?.(event));
    },
    asked(action) {
      tracer.asked?.(action);
      check((one) => one.asked?.(action));
      if (action.type === 'set') before = world?.managed.endpoint() ?? null;
      if (action.type !== 'report') return;
      const { fact } = action;
      check((one) => one.fact?.(fact));
      if (fact.kind !== 'proven' || fact.proof.atMs === lastProofAtMs) return;
      lastProofAtMs = fact.proof.atMs;
      check((one) => one.proven?.(fact.proof, before));
    },
    written(endpoint, action) {
      tracer.written?.(endpoint, action);
      check((one) => one.written?.(endpoint, action, before));
    },
    echoSent: (_, how) => check((one) => one.echoSent?.(how)),
  };
  const note = (text: string): void => write?.(`${(nowMs() / 1_000).toFixed(3).padStart(11)} ## ${text}`);

  try {
    const made = createWorld(seed, observer, note);
    world = made;
    checks = invariants.map((make) => make(made));
    write?.(JSON.stringify(made.swarm));
    made.start();
    const step = (untilMs: number, done: () => boolean): void => {
      while (!failure && made.clock.nowMs() < untilMs && !done()) {
        made.clock.runFor(1_000);
        const snapshot = made.managed.watch().snapshot();
        check((one) => one.second?.(snapshot));
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
    return (
      living && throughMs !== null && throughMs > fromMs + 1_000 && managed.watch().snapshot().health === 'up'
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
