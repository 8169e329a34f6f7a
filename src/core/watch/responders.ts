import { ours } from '../constants.ts';

/** Which inner addresses of a peer answer echoes through the tunnel. */
export interface Responders {
  /** An echo with this number went to that address. */
  asked(echo: number, target: string): void;
  /** An echo was answered; the address, or null for a number that nobody knows (any more). */
  answered(echo: number): string | null;
  /** The tunnel was proven by something else: who left five echoes in a row without an answer counts no more. */
  disqualify(): void;
  /** The first of the targets that answers, or null. */
  best(): string | null;
}

/** More echoes than this are never under way: five rounds to four targets, and some. */
const remembered = 64;

/** Creates a list in which nobody has answered yet. */
export function createResponders(targets: readonly string[]): Responders {
  /** Echoes by number; the oldest go first. */
  const asked = new Map<number, string>();
  /** Addresses that answer, with the number of echoes since the last answer. */
  const lost = new Map<string, number>();

  return {
    asked(echo, target) {
      asked.set(echo, target);
      const before = lost.get(target);
      if (before !== undefined) lost.set(target, before + 1);
      const oldest = asked.keys().next().value;
      if (asked.size > remembered && oldest !== undefined) asked.delete(oldest);
    },
    answered(echo) {
      const target = asked.get(echo);
      if (target === undefined) return null;
      lost.set(target, 0);
      return target;
    },
    disqualify() {
      for (const [target, inARow] of lost) if (inARow >= ours.lossesToDoubt) lost.delete(target);
    },
    best: () => targets.find((target) => lost.has(target)) ?? null,
  };
}
