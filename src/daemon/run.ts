import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCommands } from './commands.ts';
import { claimControlPlace } from './control-place.ts';
import { controlSocket } from './control-protocol.ts';
import { startControlServer } from './control-server.ts';
import { createGuests } from './guests.ts';
import { createInventoryReader } from './inventory.ts';
import type { Log } from './log.ts';
import { createOneShotCommand } from './one-shot-command.ts';
import { createPauses } from './pauses.ts';
import { isMeant } from './peer-name.ts';
import { openStateKeeper } from './state-keeper.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

/** How the daemon is to run. */
export interface DaemonOptions {
  readonly configFile: string;
  readonly configFileRequired: boolean;
  readonly wgQuickDirectory: string;
  readonly stateDirectory: string;
  readonly runtimeDirectory: string;
  readonly version: string;
  readonly log: Log;
  /** Aborted to stop. */
  readonly signal: AbortSignal;
  /** Registers what is to be done when the files should be read again. */
  readonly onReload: (reload: () => void) => void;
}

/** A trial that is under way at the end is taken back; that needs two calls of `wg` and a packet. */
const farewellMs = 2_000;

/** Runs until told to stop. Returns the exit code: 0, or 1 if another daemon holds the runtime directory. */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const { log } = options;
  const path = join(options.runtimeDirectory, controlSocket);
  // Before anything else is touched: another daemon's state and interfaces are not ours.
  const place = await claimControlPlace(path);
  if (place.kind === 'already-running') {
    log.error('already-running', {
      message:
        `${place.holder} runs as a daemon in ${options.runtimeDirectory} already; this one ends. One daemon ` +
        'looks after all interfaces of its network namespace (see: wg-reach status); one for another namespace ' +
        'needs directories of its own: --runtime-dir DIR --state-dir DIR',
    });
    return 1;
  }
  const state = await openStateKeeper(options.stateDirectory, log);
  const inventory = createInventoryReader(options);
  const guests = createGuests(state);
  const pauses = createPauses((over) => {
    log.info('pause-over', { ...over, message: 'the pause is over' });
    for (const peer of supervisor.peers()) if (isMeant(peer.managed, over)) peer.dispatch({ type: 'resume' });
  });
  const supervisor: Supervisor = createSupervisor({
    inventory,
    state,
    pauses,
    guests,
    runtimeDirectory: options.runtimeDirectory,
    log,
    phase: hostPhase(),
  });
  const handlers = {
    ...createCommands(supervisor, pauses, options.version),
    'one-shot': createOneShotCommand({ ...options, supervisor, guests }),
  };
  const control = place.kind === 'claimed' ? await startControlServer(place, { handlers, log }) : place;
  if (control.kind === 'failed') {
    log.warning('no-control', { message: `no status, pause or resume: ${control.detail}; going on without` });
  }
  options.onReload(() => {
    log.info('reload', { message: 'reading all files again' });
    void supervisor.refresh(true);
  });
  await supervisor.refresh(true);
  const count = supervisor.peers().length;
  log.info('started', {
    message: `wg-reach ${options.version} watches ${count} ${count === 1 ? 'peer' : 'peers'}`,
  });

  await stopped(options.signal);
  log.info('stopping', { message: 'told to stop; endpoints stay as they are' });
  pauses.close();
  await Promise.all([farewell(supervisor), guests.leave()]);
  if (control.kind === 'listening') await control.close();
  await supervisor.close();
  await state.close();
  log.flush();
  return 0;
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Pausing takes a trial back; whoever is not on trial is left alone by it. */
async function farewell(supervisor: Supervisor): Promise<void> {
  for (const peer of supervisor.peers())
    peer.dispatch({ type: 'pause', reason: 'wg-reach is shutting down' });
  const untilMs = performance.now() + farewellMs;
  while (performance.now() < untilMs) {
    if (supervisor.peers().every((peer) => peer.snapshot().state !== 'looking')) return;
    await sleep(20);
  }
}

/** 0 to 1, the same at each start of this host and different on others. */
function hostPhase(): number {
  let identity = os.hostname();
  try {
    identity = readFileSync('/etc/machine-id', 'utf8');
  } catch {
    // A host without one still has a name.
  }
  return createHash('sha256').update(identity).digest().readUInt32BE(0) / 2 ** 32;
}
