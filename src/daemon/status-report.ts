import type { CandidateState } from '../core/candidate.ts';
import { orderCandidates } from '../core/order.ts';
import { isoTime, type PeerStatus, type Verdict } from '../status/report.ts';
import type { Pause } from './pauses.ts';
import type { WatchedPeer } from './watched-peer.ts';

/**
 * One peer as `status --json` shows it. `pause` is the operator's, if there is one; `monotonicMs` and `wallMs` are the
 * same moment on both clocks.
 */
export function peerStatus(
  peer: WatchedPeer,
  pause: Pause | null,
  now: { readonly monotonicMs: number; readonly wallMs: number },
): PeerStatus {
  const snapshot = peer.snapshot();
  const wall = (monotonicMs: number | null): string | null =>
    monotonicMs === null ? null : isoTime(now.wallMs - (now.monotonicMs - monotonicMs));
  const { proof, lastSwitch } = snapshot;
  return {
    interface: peer.managed.interface,
    publicKey: peer.managed.publicKey,
    health: snapshot.health,
    reason: snapshot.state === 'paused' && pause !== null ? pauseWords(wall(pause.untilMs)) : snapshot.reason,
    endpoint: snapshot.endpoint,
    since: isoTime(peer.healthSinceMs()),
    fallbackSince: wall(snapshot.fallbackSinceMs),
    proof: proof === null ? null : { kind: proof.kind, at: wall(proof.atMs) ?? '', rttMs: proof.rttMs },
    lastSwitch:
      lastSwitch === null
        ? null
        : {
            at: isoTime(lastSwitch.atWallMs) ?? '',
            from: lastSwitch.from,
            to: lastSwitch.to,
            reason: lastSwitch.reason,
          },
    candidates: orderCandidates(
      snapshot.candidates.map((one) => ({ ...one })),
      peer.managed.prefer,
    ).map((candidate, index) => ({
      endpoint: candidate.endpoint,
      source: candidate.source,
      rank: index + 1,
      verdict: verdictOf(candidate, snapshot.proof?.endpoint ?? null),
      rttMs: candidate.hintRttMs,
      at: wall(candidate.failedAtMs),
    })),
  };
}

function pauseWords(until: string | null): string {
  return until === null ? 'paused by the operator' : `paused by the operator until ${until}`;
}

function verdictOf(candidate: Readonly<CandidateState>, proven: string | null): Verdict {
  if (candidate.endpoint === proven || candidate.trial === 'proven') return 'proven';
  if (candidate.route === 'no-route' || candidate.route === 'in-tunnel') return candidate.route;
  if (candidate.hint === 'unroutable') return 'no-route';
  if (candidate.hint === 'reachable') return 'reachable';
  return candidate.hint === 'silent' || candidate.trial === 'silent' ? 'silent' : 'untested';
}
