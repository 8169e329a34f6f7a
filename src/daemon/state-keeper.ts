import { emptyState, type PeerState, type State } from '../store/state.ts';
import { loadState, saveState } from '../store/state-file.ts';
import type { Log } from './log.ts';

/** What the daemon remembers on disk: addresses that worked, and what failed. */
export interface StateKeeper {
  peer(interfaceName: string, publicKey: string): PeerState | undefined;
  /** The addresses each name had when it was last answered. */
  names(): ReadonlyMap<string, readonly string[]>;
  /** New knowledge; written a little later, together with what comes meanwhile, and only if it is new. */
  setName(name: string, addresses: readonly string[]): void;
  setPeer(interfaceName: string, publicKey: string, state: PeerState): void;
  /** Writes what is outstanding. */
  close(): Promise<void>;
}

/** Flash memory wears out: at most one write in this time, and none without news. */
const writeSpacingMs = 10_000;

/** Loads the state. A damaged or unreadable file is a warning and an empty memory, never an end. */
export async function openStateKeeper(directory: string, log: Log): Promise<StateKeeper> {
  const loaded = await loadState(directory);
  if (loaded.kind === 'damaged') {
    const place =
      loaded.movedTo === null ? 'it could not be set aside' : `it was set aside as ${loaded.movedTo}`;
    log.warning('state-damaged', { message: `the state file in ${directory} was damaged, ${place}` });
  }
  if (loaded.kind === 'unreadable') log.warning('state-unreadable', { message: loaded.detail });
  let state: State = loaded.kind === 'ok' ? loaded.state : emptyState;
  let timer: NodeJS.Timeout | undefined;
  let failed = false;

  function change(next: State): void {
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    timer ??= setTimeout(() => void write(), writeSpacingMs);
  }

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const saved = await saveState(directory, state);
    if (saved.kind === 'unwritable' && !failed) {
      log.warning('state-unwritable', {
        message: `nothing can be remembered for the next start: ${saved.detail}`,
      });
    }
    failed = saved.kind === 'unwritable';
  }

  return {
    peer: (interfaceName, publicKey) => state.peers[`${interfaceName} ${publicKey}`],
    names: () => new Map(Object.entries(state.names ?? {})),
    setName(name, addresses) {
      change({ ...state, names: { ...state.names, [name]: addresses } });
    },
    setPeer(interfaceName, publicKey, peer) {
      change({ ...state, peers: { ...state.peers, [`${interfaceName} ${publicKey}`]: peer } });
    },
    async close() {
      if (timer !== undefined) await write();
    },
  };
}
