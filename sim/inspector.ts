import type { EndObserver } from './driver/managed-end.ts';
import { invariants } from './invariants/index.ts';
import type { Invariant } from './invariants/invariant.ts';
import type { World } from './world.ts';

/** What must not be, and when it was seen. */
export interface Violation {
  readonly invariant: string;
  readonly detail: string;
}

/** Looks over the shoulder of one managed end: every invariant is told what happens there. */
export interface Inspector {
  readonly observer: EndObserver;
  /** The world is built; `world.managed` is the end that is looked at. Nothing is inspected before. */
  begin(world: World): void;
  /** To be called once a simulated second. */
  second(): void;
}

/** More events within a second than this are a circle. */
const eventsInASecond = 5_000;

/** Makes an inspector; `onViolation` is called for everything that must not be. */
export function createInspector(onViolation: (violation: Violation) => void): Inspector {
  let world: World | null = null;
  let before: string | null = null;
  let lastProofAtMs: number | null = null;
  let circleFromMs = 0;
  let circleEvents = 0;
  // Each hook is called up to a million times a day: whoever has none is not asked.
  let handled: readonly Invariant[] = [];
  let asked: readonly Invariant[] = [];
  let written: readonly Invariant[] = [];
  let fact: readonly Invariant[] = [];
  let proven: readonly Invariant[] = [];
  let echoSent: readonly Invariant[] = [];
  let second: readonly Invariant[] = [];

  const judge = (one: Invariant, detail: string | null | undefined): void => {
    if (detail) onViolation({ invariant: one.name, detail });
  };

  const observer: EndObserver = {
    handled(event) {
      const nowMs = world?.clock.nowMs() ?? 0;
      if (nowMs - circleFromMs > 1_000) {
        circleFromMs = nowMs;
        circleEvents = 0;
      }
      if (++circleEvents > eventsInASecond)
        throw new Error(`it runs in circles; the last event was ${event.type}`);
      const snapshot = world?.managed.watch().snapshot();
      if (snapshot) for (const one of handled) judge(one, one.handled?.(event, snapshot));
    },
    asked(action) {
      for (const one of asked) judge(one, one.asked?.(action));
      if (action.type === 'set') before = world?.managed.endpoint() ?? null;
      if (action.type !== 'report') return;
      for (const one of fact) judge(one, one.fact?.(action.fact));
      if (action.fact.kind !== 'proven' || action.fact.proof.atMs === lastProofAtMs) return;
      lastProofAtMs = action.fact.proof.atMs;
      for (const one of proven) judge(one, one.proven?.(action.fact.proof, before));
    },
    written(endpoint, action) {
      for (const one of written) judge(one, one.written?.(endpoint, action, before));
    },
    echoSent(_, how) {
      for (const one of echoSent) judge(one, one.echoSent?.(how));
    },
  };

  return {
    observer,
    begin(made) {
      world = made;
      const all = invariants.map((make) => make(made));
      handled = all.filter((one) => one.handled);
      asked = all.filter((one) => one.asked);
      written = all.filter((one) => one.written);
      fact = all.filter((one) => one.fact);
      proven = all.filter((one) => one.proven);
      echoSent = all.filter((one) => one.echoSent);
      second = all.filter((one) => one.second);
    },
    second() {
      if (world === null) return;
      const snapshot = world.managed.watch().snapshot();
      for (const one of second) judge(one, one.second?.(snapshot));
    },
  };
}
