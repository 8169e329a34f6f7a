import type { Swarm } from '../swarm.ts';

/** One textual change of one file; `from` stands there exactly once unless `everywhere`. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly everywhere?: boolean;
}

/** A bug that the simulator must catch. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** In which worlds it can show at all; default: in any. It saves time, no more. */
  readonly suits?: (swarm: Swarm) => boolean;
}

/** The ten. */
export const mutants: readonly Mutant[] = [
  {
    name: 'uncaused rx accepted as proof',
    edits: [
      {
        file: 'src/core/assessment.ts',
        from: 'if (packetAtMs === null || grownBytes % wireguard.initiationBytes === 0) return false;',
        to: 'if (packetAtMs === null) return false;\n  if (grownBytes > 0) return true;',
      },
    ],
  },
  {
    name: 'slow dwell of 5 s',
    edits: [{ file: 'src/core/constants.ts', from: 'slowDwellMs: 6_000', to: 'slowDwellMs: 5_000' }],
    // A short time-out was learned, there is no session, and the initiation before went to somebody else's address.
    suits: (swarm) =>
      swarm.delayMs <= 10 &&
      swarm.inside === 'answers' &&
      swarm.wrongHost !== null &&
      swarm.faults.includes('server-restarts') &&
      swarm.lossRate === 0,
  },
  {
    name: 'stale generation accepted',
    edits: [
      {
        file: 'src/core/watch/watch.ts',
        from: 'if (event.generation !== generationNow()) break;',
        to: '',
      },
      {
        file: 'src/core/watch/watch.ts',
        from: 'else if (event.generation === generation) onAnswered',
        to: 'else onAnswered',
      },
      {
        file: 'src/core/evidence.ts',
        from: 'if (generation !== assessment.generation) return [];',
        to: 'if (generation < 0) return [];',
      },
      {
        file: 'src/core/peer.ts',
        from: 'if (event.generation === generation) onObserved',
        to: 'onObserved',
      },
    ],
  },
  {
    name: 'no packet after a rollback',
    edits: [
      {
        file: 'src/core/peer.ts',
        from: '    actions.push(...evidence.packet(generation));\n    rest(back.outcome()',
        to: '    rest(back.outcome()',
      },
    ],
  },
  {
    name: 'own address as echo target',
    suits: (swarm) => swarm.ownAddressAllowed,
    edits: [
      {
        file: 'src/sources/echo-targets.ts',
        from: '!own.some((prefix) => prefix.family === family && prefix.addressValue === value) &&',
        to: '',
      },
      {
        file: 'src/sources/echo-targets.ts',
        from: 'longestMatch(live, family, value) > longestMatch(others, family, value)',
        to: 'longestMatch(live, family, value) >= longestMatch(others, family, value)',
      },
    ],
  },
  {
    name: 'three losses instead of five',
    edits: [{ file: 'src/core/constants.ts', from: 'lossesToDoubt: 5', to: 'lossesToDoubt: 3' }],
  },
  {
    name: 'fail-back without rollback',
    edits: [
      {
        file: 'src/core/peer.ts',
        from: 'return putBack(failed.fallback, null);',
        to: "return rest({ kind: 'proven' });",
      },
    ],
  },
  {
    name: 'backoff without cap',
    edits: [
      {
        file: 'src/core/backoff.ts',
        from: 'return Math.min(cap, firstMs',
        to: 'return Math.max(cap && 0, firstMs',
      },
    ],
  },
  {
    name: 'late timeout honoured',
    edits: [
      {
        file: 'src/core/watch/watch.ts',
        from: "now.monotonicMs - dueMs >= patience.stallMs && event.type !== 'stalled'",
        to: 'now.monotonicMs - dueMs >= patience.stallMs * 1e9',
      },
    ],
    suits: (swarm) =>
      swarm.faults.includes('loop-stalls-in-a-search') && swarm.inside === 'answers' && swarm.lossRate === 0,
  },
  {
    name: 'DNS answer moves a proven tunnel',
    edits: [
      {
        file: 'src/core/watch/watch.ts',
        from: '    settled = event.settled;\n',
        to: "    settled = event.settled;\n    if (state === 'alive' && candidates.length > 0 && candidates[0]?.endpoint !== endpoint)\n      startLook('news', 'a newer answer', now);\n",
      },
    ],
  },
];
