import { createInterfaceEffects } from '../effects/interface-effects.ts';
import { acquireLock } from '../host/lock.ts';
import { emptyState, type State } from '../store/state.ts';
import { loadState, mayReplace, saveState, stateWarning } from '../store/state-file.ts';
import type { InterfaceFacts } from '../wireguard/facts.ts';
import { readImplementation } from '../wireguard/implementation.ts';
import { absenceOf } from '../wireguard/tool.ts';
import { readUsable, repairPeers } from './repair-peers.ts';
import type { PeerRequest, PeerResult, RunOptions, RunReport } from './request.ts';

/** One interface with the peers that are to be looked after. */
export interface RepairInterfaceRequest {
  readonly interface: string;
  readonly peers: readonly PeerRequest[];
  readonly run: RunOptions;
  readonly report: RunReport;
  /** Aborting it ends the run early; whatever is on trial is put back first. */
  readonly signal: AbortSignal;
}

/** A `wg` that has not answered after this time hangs; on a healthy host it takes 3 ms. */
const toolLimitMs = 5_000;
/** How much of the run's time has to be left for its work when the lock is finally there. */
const workMs = 15_000;

/**
 * Looks after some peers of one interface, all at the same time, holding the interface's lock. Never rejects for
 * anything that can happen on a host; every peer gets a result.
 */
export async function repairInterface(request: RepairInterfaceRequest): Promise<PeerResult[]> {
  const refuse = (detail: string): PeerResult[] =>
    request.peers.map(({ publicKey }) => ({ kind: 'refused', publicKey, detail }));

  // Before the lock, which would leave a file behind for every name that was ever mistyped.
  const absence = await absenceOf(request.interface);
  if (absence !== null) return refuse(absence.detail);
  const lock = request.run.dryRun ? null : await takeLock(request);
  if (lock?.kind === 'busy') {
    return refuse(
      `${lock.holder} is working on ${request.interface}; nothing was done. Try again when it has ended`,
    );
  }
  try {
    const toolTimeoutMs = Math.max(1, Math.min(toolLimitMs, request.run.endMs - performance.now()));
    const [facts, implementation] = await Promise.all([
      readUsable(request.interface, toolTimeoutMs),
      readImplementation(request.interface, { timeoutMs: toolTimeoutMs }),
    ]);
    if (facts.kind !== 'ok') return refuse(facts.detail);
    if (lock?.kind === 'unwritable') warnOfNoLock(request, lock.detail);
    if (implementation === 'boringtun') {
      return refuse(
        `${request.interface} is served by boringtun, which crashes when an endpoint is changed; nothing was done`,
      );
    }
    return await repairOnLocked(request, facts, toolTimeoutMs);
  } finally {
    if (lock?.kind === 'locked') await lock.release();
  }
}

function takeLock({ interface: name, run, signal }: RepairInterfaceRequest) {
  const leftMs = run.endMs - performance.now();
  return acquireLock(run.runtimeDirectory, name, { timeoutMs: Math.max(0, leftMs - workMs), signal });
}

function warnOfNoLock({ interface: name, report }: RepairInterfaceRequest, detail: string): void {
  report.warning(
    `no lock on ${name}: ${detail}. Going on without it; two runs at once could disturb each other`,
  );
}

async function repairOnLocked(
  request: RepairInterfaceRequest,
  facts: InterfaceFacts,
  toolTimeoutMs: number,
): Promise<PeerResult[]> {
  const effects = createInterfaceEffects({
    interface: request.interface,
    fwMark: facts.fwMark,
    listenPort: facts.listenPort,
    toolTimeoutMs,
    runtimeDirectory: request.run.runtimeDirectory,
  });
  const state = await recallState(request);
  const { results, learned } = await repairPeers({
    ...request,
    facts,
    effects,
    remembered: (publicKey) => state.peers[`${request.interface} ${publicKey}`],
    onFact: request.report.fact,
  });
  effects.close();
  if (!request.run.dryRun) await keepState(request, learned);
  return results;
}

async function recallState({ run, report }: RepairInterfaceRequest): Promise<State> {
  const loaded = await loadState(run.stateDirectory);
  if (loaded.kind === 'ok') return loaded.state;
  const warning = stateWarning(loaded, run.stateDirectory);
  if (warning !== null) report.warning(warning);
  return emptyState;
}

/** Reads the file again first: another interface's run may have written meanwhile. */
async function keepState({ run, report }: RepairInterfaceRequest, learned: State['peers']): Promise<void> {
  const loaded = await loadState(run.stateDirectory);
  // It was said when it was read.
  if (!mayReplace(loaded)) return;
  const state = loaded.kind === 'ok' ? loaded.state : emptyState;
  const peers = { ...state.peers, ...learned };
  if (JSON.stringify(peers) === JSON.stringify(state.peers)) return;
  const saved = await saveState(run.stateDirectory, { ...state, peers });
  if (saved.kind === 'unwritable') {
    report.warning(`nothing can be remembered for the next run: ${saved.detail}`);
  }
}
