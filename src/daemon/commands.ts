import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReport } from '../status/report.ts';
import type { ControlAnswer, ControlCommand, ControlHandler, ControlRequest } from './control-protocol.ts';
import type { Pauses } from './pauses.ts';
import { isMeant } from './peer-name.ts';
import { peerStatus } from './status-report.ts';
import type { Supervisor } from './supervisor.ts';
import type { WatchedPeer } from './watched-peer.ts';

/** How often a running repair is looked at, and how long a client may wait for it. */
const pollMs = 100;
const repairMs = 120_000;

/** What the daemon does on request, but for `one-shot`, which needs more. */
export function createCommands(
  supervisor: Supervisor,
  pauses: Pauses,
  version: string,
): Readonly<Record<Exclude<ControlCommand, 'one-shot'>, ControlHandler>> {
  function report(peers: readonly WatchedPeer[]): StatusReport {
    const now = { monotonicMs: performance.now(), wallMs: Date.now() };
    return { schema: 1, version, peers: peers.map((peer) => peerStatus(peer, pauses.of(peer.managed), now)) };
  }

  function meant(request: ControlRequest): readonly WatchedPeer[] {
    return supervisor.peers().filter(({ managed }) => isMeant(managed, request));
  }

  return {
    status: (request) => ({ kind: 'result', result: report(meant(request)) }),
    pause(request) {
      const peers = meant(request);
      if (peers.length === 0) return notManaged(request);
      for (const peer of peers) {
        pauses.begin(peer.managed, request.forMs ?? null);
        peer.dispatch({ type: 'pause' });
      }
      return { kind: 'result', result: report(peers) };
    },
    resume(request) {
      const peers = meant(request);
      // A peer whose interface is away just now may be paused, too.
      const paused = pauses.all().filter((peer) => isMeant(peer, request));
      if (peers.length === 0 && paused.length === 0) return notManaged(request);
      for (const peer of paused) pauses.end(peer);
      for (const peer of peers) peer.dispatch({ type: 'resume' });
      return { kind: 'result', result: report(peers) };
    },
    async reload(request) {
      await supervisor.refresh(true);
      return { kind: 'result', result: report(meant(request)) };
    },
    async repair(request, { signal }) {
      const peers = meant(request);
      if (peers.length === 0) return notManaged(request);
      const askedAtMs = performance.now();
      if (request.dryRun !== true) for (const peer of peers) peer.dispatch({ type: 'network-changed' });
      while (request.dryRun !== true && !signal.aborted && performance.now() - askedAtMs < repairMs) {
        if (peers.every((peer) => hasSettled(peer, askedAtMs))) break;
        await sleep(pollMs);
      }
      return { kind: 'result', result: report(peers) };
    },
  };
}

/** Proven since it was asked, or not alive and not busy finding out. */
function hasSettled(peer: WatchedPeer, askedAtMs: number): boolean {
  const { state, proof } = peer.snapshot();
  if (state === 'alive') return proof !== null && proof.atMs >= askedAtMs;
  return state !== 'looking' && state !== 'idle';
}

function notManaged(request: ControlRequest): ControlAnswer {
  const what = [request.interface, request.publicKey].filter((part) => part !== undefined).join(' ');
  return {
    kind: 'error',
    code: 'not-managed',
    message: what === '' ? 'no peer is managed' : `${what} is not managed; see: wg-reach status`,
  };
}
