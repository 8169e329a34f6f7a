import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../core/action.ts';
import { ours } from '../core/constants.ts';
import type { Fact } from '../core/fact.ts';
import type { Machine, MachineConfig } from '../core/machine.ts';
import { createPeer } from '../core/peer.ts';
import { createPingPeer } from '../core/ping-peer.ts';
import { drive } from '../effects/drive.ts';
import type { InterfaceEffects } from '../effects/interface-effects.ts';
import { localAddresses } from '../host/addresses.ts';
import { type ResolvedCandidates, resolveCandidates } from '../resolve/candidates.ts';
import { recall, remember } from '../store/memory.ts';
import type { PeerState } from '../store/state.ts';
import type { PeerRequest, PeerResult, RunOptions } from './request.ts';

/** What one peer's run needs from its interface. */
export interface RepairPeerInput {
  readonly request: PeerRequest;
  readonly run: RunOptions;
  readonly effects: InterfaceEffects;
  readonly echoTargets: readonly string[];
  readonly remembered: PeerState | undefined;
  readonly signal: AbortSignal;
  readonly onFact: (fact: Fact) => void;
}

/** The last packet (after a set, a rollback) is handed to the kernel, or to `ping`, before everything is closed. */
const lastPacketMs = 20;

/** Runs one peer's machine against the real world until it rests, and says what the next run should remember. */
export async function repairPeer(input: RepairPeerInput): Promise<{ result: PeerResult; state: PeerState }> {
  const { request, run } = input;
  const startMs = performance.now();
  const memory = recall(input.remembered, Date.now(), startMs);
  const config: MachineConfig = {
    prefer: 'ipv6',
    echoTargets: input.echoTargets,
    dryRun: run.dryRun,
    deadlineMs: run.endMs - ours.restoreReserveMs,
    failbackMemory: memory.failbackMemory,
    failedAtMs: memory.failedAtMs,
    unlisted: memory.unlisted,
  };
  const machine: Machine = run.probe === 'icmp' ? createPingPeer(config) : createPeer(config);
  const ended = new AbortController();
  let resolved: ResolvedCandidates | null = null;
  let before: string | null = null;
  let failback: { endpoint: string; failed: boolean } | null = null;

  const running = drive({
    engine: machine,
    peer: request.publicKey,
    effects: input.effects,
    onFact(fact) {
      if (fact.kind === 'endpoint-found') before = fact.endpoint;
      if (fact.kind === 'fail-back' && fact.outcome !== 'offered') {
        failback = { endpoint: fact.to, failed: fact.outcome === 'rolled-back' };
      }
      input.onFact(fact);
    },
  });
  const onStop = (): void => running.dispatch({ type: 'shutdown', reason: 'it was told to stop' });
  input.signal.addEventListener('abort', onStop, { once: true });
  running.dispatch({ type: 'start' });
  if (input.signal.aborted) onStop();
  void resolveCandidates(request.source, {
    timeoutMs: Math.max(1, config.deadlineMs - startMs),
    signal: ended.signal,
    ownAddresses: localAddresses().map((local) => local.address),
    onChange(now) {
      resolved = now;
      running.dispatch({ type: 'candidates', candidates: now.candidates, settled: now.settled });
    },
  });

  const outcome = await Promise.race([running.rested, outOfTime(run.endMs, ended.signal)]);
  ended.abort();
  if (!run.dryRun) await sleep(lastPacketMs);
  running.stop();
  input.signal.removeEventListener('abort', onStop);
  const snapshot = machine.snapshot();
  const known = resolved as ResolvedCandidates | null;
  const lesson = {
    snapshot,
    failback,
    namesAnswered: known?.settled === true && known.candidates.length > 0,
  };
  return {
    result: {
      kind: 'ran',
      publicKey: request.publicKey,
      outcome,
      before,
      after: snapshot.endpoint,
      snapshot,
      resolved: known,
    },
    state: remember(input.remembered, lesson, Date.now(), performance.now()),
  };
}

/** The last resort: `wg` hangs, and the machine cannot come to rest in time. */
async function outOfTime(endMs: number, signal: AbortSignal): Promise<Outcome> {
  await sleep(Math.max(0, endMs - lastPacketMs - performance.now()), undefined, { signal }).catch(() => {});
  return {
    kind: 'failed',
    detail: "the time was up before 'wg' had answered; look at the endpoint with: wg show",
  };
}
