import type { CandidateState } from '../core/candidate.ts';
import type { PeerResult } from '../oneshot/request.ts';

/** One peer's result for `--json`; names and verdicts are those of `status --json`. */
export function jsonResult(interfaceName: string, result: PeerResult, code: number): object {
  const subject = { interface: interfaceName, publicKey: result.publicKey, exitCode: code };
  if (result.kind === 'refused') return { ...subject, outcome: 'refused', detail: result.detail };
  const { outcome, snapshot } = result;
  return {
    ...subject,
    outcome: outcome.kind,
    detail: 'detail' in outcome ? outcome.detail : null,
    endpointBefore: result.before,
    endpoint: result.after,
    wouldSet: outcome.kind === 'would-set' ? outcome.endpoint : null,
    proof: snapshot.proof
      ? { kind: snapshot.proof.kind, endpoint: snapshot.proof.endpoint, rttMs: snapshot.proof.rttMs }
      : null,
    candidates: snapshot.candidates.map((candidate) => ({
      endpoint: candidate.endpoint,
      source: candidate.source,
      verdict: verdictOf(candidate),
      rttMs: candidate.hintRttMs,
    })),
  };
}

function verdictOf(candidate: Readonly<CandidateState>): string {
  if (candidate.route === 'no-route' || candidate.route === 'in-tunnel') return candidate.route;
  if (candidate.trial === 'proven') return 'proven';
  if (candidate.hint === 'unroutable') return 'no-route';
  if (candidate.hint === 'reachable') return 'reachable';
  return candidate.hint === 'silent' || candidate.trial === 'silent' ? 'silent' : 'untested';
}
