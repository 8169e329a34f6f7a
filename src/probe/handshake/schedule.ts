import { nextTimestampMs } from '../../noise/tai64n.ts';

/** When initiations of one key to one peer may leave. */
export const spacing = {
  /**
   * Between two initiations. The peer drops one that comes less than 20 ms after another, and says nothing; paths
   * differ in their delay, so more than twice that (measured: none lost from 20 ms on, over equal paths).
   */
  betweenMs: 50,
  /** The peer's own limit, by which one initiation can make it deaf to another. The kernel's is a clock tick longer. */
  floodMs: 24,
  /** The wall clock may be this much behind before it is called so: less than a step of anybody's hand. */
  clockPatienceMs: 50,
} as const;

/** The clocks at one moment. `seenMs` is the Unix time of the last handshake seen with this key, 0 if none was. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly seenMs: number;
}

/**
 * What is to be done now. `idle`: nothing, until somebody asks or something is settled. `wait`: look again after this
 * time. `send`: this one, with the timestamp of this moment; `sent` or `settle` must follow at once.
 */
export type Next =
  | { readonly kind: 'idle' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'send'; readonly id: number }
  | { readonly kind: 'clock-behind'; readonly id: number; readonly behindMs: number };

/** Orders the initiations of all probes that use one key towards one peer. No clock and no socket of its own. */
export interface Schedule {
  /**
   * Puts a probe at the end of the line, unless it stands there already; an earlier initiation of it is under way no more. `alone`: none of another
   * probe may be under way when it leaves, nor leave before it is settled.
   */
  ask(id: number, alone: boolean): void;
  /** What is to be done now. Changes nothing but for `clock-behind`, which takes that probe out of the line. */
  next(now: Moment): Next;
  /** The initiation left. */
  sent(id: number, now: Moment): void;
  /** The peer accepted an initiation of that probe. */
  answered(id: number, monotonicMs: number): void;
  /** Nobody waits for that probe any more. */
  settle(id: number): void;
  /**
   * Whether the peer may have dropped the last initiation of that probe because of another one that it accepted: that
   * one came before it with a later timestamp, or less than the flood limit before it. Silence is no evidence then.
   */
  mayBeDropped(id: number): boolean;
  /** Unix time of the last timestamp used; 0 if there was none. To be kept for the next schedule of the same key. */
  lastWallMs(): number;
  /** Monotonic time from which on the next initiation may leave, whoever sends it; minus infinity if there was none. */
  settledAtMs(): number;
}

/** `lastWallMs` is what the schedule before had; 0 for none. */
export function createSchedule(lastWallMs = 0): Schedule {
  const line: { readonly id: number; readonly alone: boolean }[] = [];
  const underWay = new Map<number, { readonly sentAtMs: number; readonly alone: boolean }>();
  let lastWall = lastWallMs;
  let lastSent = Number.NEGATIVE_INFINITY;
  let answers: { readonly id: number; readonly atMs: number }[] = [];

  const next = ({ monotonicMs, wallMs, seenMs }: Moment): Next => {
    const [first] = line;
    if (first === undefined) return { kind: 'idle' };
    const others = [...underWay].filter(([id]) => id !== first.id).map(([, each]) => each);
    if (others.some((each) => first.alone || each.alone)) return { kind: 'idle' };
    const earliestWallMs = nextTimestampMs(Math.max(lastWall, seenMs));
    const behindMs = Math.max(lastWall, seenMs) === 0 ? 0 : earliestWallMs - wallMs;
    const waitMs = Math.max(lastSent + spacing.betweenMs - monotonicMs, behindMs);
    if (waitMs <= 0) return { kind: 'send', id: first.id };
    if (behindMs <= spacing.clockPatienceMs) return { kind: 'wait', ms: waitMs };
    line.shift();
    return { kind: 'clock-behind', id: first.id, behindMs };
  };

  return {
    ask(id, alone) {
      // Else two that both want to be alone would wait for each other.
      underWay.delete(id);
      if (!line.some((each) => each.id === id)) line.push({ id, alone });
    },
    next,
    sent(id, { monotonicMs, wallMs }) {
      const index = line.findIndex((each) => each.id === id);
      const [turn] = index < 0 ? [] : line.splice(index, 1);
      underWay.set(id, { sentAtMs: monotonicMs, alone: turn?.alone ?? false });
      lastWall = wallMs;
      lastSent = monotonicMs;
    },
    answered(id, atMs) {
      // Only what a probe under way can still have met is worth keeping.
      const oldest = Math.min(atMs, ...[...underWay.values()].map(({ sentAtMs }) => sentAtMs));
      answers = answers.filter((each) => each.atMs > oldest - spacing.floodMs);
      answers.push({ id, atMs });
    },
    settle(id) {
      const index = line.findIndex((each) => each.id === id);
      if (index >= 0) line.splice(index, 1);
      underWay.delete(id);
    },
    mayBeDropped(id) {
      const own = underWay.get(id);
      if (own === undefined) return false;
      return answers.some((each) => each.id !== id && each.atMs > own.sentAtMs - spacing.floodMs);
    },
    lastWallMs: () => lastWall,
    settledAtMs: () => lastSent + spacing.betweenMs,
  };
}
