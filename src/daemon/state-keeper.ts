import { emptyState, type PeerState, type State } from '../store/state.ts';
import { loadState, mayReplace, saveState, stateWarning } from '../store/state-file.ts';
import type { Log } from './log.ts';

/** What the daemon remembers on disk: addresses that worked, and what failed. */
export interface StateKeeper {
  peer(interfaceName: string, publicKey: string): PeerState | undefined;
  /** The addresses each name had when it was last answered. */
  names(): ReadonlyMap<string, readonly string[]>;
  /**
   * New knowledge; written a little later, together with what comes meanwhile, and only if it is new. What is worth
   * no write of its own waits for other news, or for the end.
   */
  setName(name: string, addresses: readonly string[]): void;
  setPeer(interfaceName: string, publicKey: string, state: PeerState, worth?: 'a-write' | 'no-write'): void;
  /** Writes what is outstanding. */
  close(): Promise<void>;
}

/** Flash memory wears out: at most one write in this time, and none without news. */
const writeSpacingMs = 10_000;

/** Loads the state. A damaged, newer or unreadable file is a warning and an empty memory, never an end. */
export async function openStateKeeper(directory: string, log: Log): Promise<StateKeeper> {
  const loaded = await loadState(directory);
  const warning = stateWarning(loaded, directory);
  if (warning !== null) log.warning(`state-${loaded.kind}`, { message: warning });
  let state: State = loaded.kind === 'ok' ? loaded.state : emptyState;
  let timer: NodeJS.Timeout | undefined;
  let failed = false;
  let unwritten = false;

  function change(next: State, worth: 'a-write' | 'no-write' = 'a-write'): void {
    state = next;
    if (!mayReplace(loaded)) return;
    unwritten = true;
    if (worth === 'a-write') timer ??= setTimeout(() => void write(), writeSpacingMs);
  }

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    unwritten = false;
    const saved = await saveState(directory, state);
    if (saved.kind === 'unwritable' && !failed) {
      log.warning('state-unwritable', {
        message: `nothing can be remembered for the next start: ${saved.detail}`,
      });
    }
    failed = saved.kind === 'unwritable';
    // The next news, or the end, tries again.
    unwritten ||= failed;
  }

  return {
    peer: (interfaceName, publicKey) => state.peers[`${interfaceName} ${publicKey}`],
    names: () => new Map(Object.entries(state.names ?? {})),
    setName(name, addresses) {
      if (!isSame(state.names?.[name], addresses))
        change({ ...state, names: { ...state.names, [name]: addresses } });
    },
    setPeer(interfaceName, publicKey, peer, worth) {
      const name = `${interfaceName} ${publicKey}`;
      // A thousand peers are looked at every few seconds, and hardly ever is anything new.
      if (!isSame(state.peers[name] ?? {}, peer))
        change({ ...state, peers: { ...state.peers, [name]: peer } }, worth);
    },
    async close() {
      if (unwritten) await write();
    },
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
