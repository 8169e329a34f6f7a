import type { CandidateTable } from './candidate-table.ts';
import { ours } from './constants.ts';
import { type FailbackVerdict, judgeFailback } from './failback.ts';
import type { MachineConfig } from './machine.ts';
import type { Proof } from './proof.ts';

/** What is known when a tunnel has just been proven. */
export interface OfferInput extends Pick<MachineConfig, 'prefer' | 'failbackMemory' | 'unlisted'> {
  readonly table: CandidateTable;
  /** No look-up is under way any more. */
  readonly settled: boolean;
  readonly current: string;
  readonly proof: Proof;
}

/** Whether a tunnel that was just proven over `current` is offered a preferred candidate now. */
export function judgeOffer(input: OfferInput, nowMs: number): FailbackVerdict {
  const { current, proof, table, unlisted } = input;
  if (!input.settled || table.listed().some((candidate) => candidate.route === 'unknown')) {
    const untilMs = proof.atMs + ours.lookUpPatienceMs;
    return untilMs > nowMs ? { kind: 'wait', untilMs } : { kind: 'leave' };
  }
  return judgeFailback(
    {
      current,
      candidates: table.listed(),
      prefer: input.prefer,
      memory: input.failbackMemory,
      unlistedForMs: unlisted?.endpoint === current ? unlisted.forMs : null,
      proofKind: proof.kind,
      graceEndsAtMs: (candidate) => table.graceEndsAtMs(candidate, proof.rttMs ?? 0),
    },
    nowMs,
  );
}
