import type { Outcome } from './action.ts';
import type { CandidateState } from './candidate.ts';

/** How a dry run ends whose endpoint does not work: it may only guess from pings what a real run would find. */
export function dryRunOutcome(candidates: readonly CandidateState[], wouldTry: string): Outcome {
  const hopeful = candidates.some(
    (candidate) => candidate.hint === 'reachable' || candidate.hint === 'asking',
  );
  if (hopeful) return { kind: 'would-set', endpoint: wouldTry };
  return {
    kind: 'none-works',
    detail: 'no candidate answers a ping, and a dry run tries nothing on the tunnel',
  };
}
