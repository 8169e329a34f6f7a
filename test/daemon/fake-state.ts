import type { StateKeeper } from '../../src/daemon/state-keeper.ts';
import type { PeerState } from '../../src/store/state.ts';

/** A state keeper without a disk. */
export interface FakeState extends StateKeeper {
  /** How often each peer's state was set, and for what it was worth. */
  readonly writes: string[];
}

/** Creates one that remembers this to begin with. */
export function createFakeState(peers: Readonly<Record<string, PeerState>> = {}): FakeState {
  const known = new Map(Object.entries(peers));
  const writes: string[] = [];
  return {
    writes,
    peer: (interfaceName, publicKey) => known.get(`${interfaceName} ${publicKey}`),
    names: () => new Map(),
    setName: () => {},
    setPeer(interfaceName, publicKey, state, worth = 'a-write') {
      known.set(`${interfaceName} ${publicKey}`, state);
      writes.push(worth);
    },
    close: async () => {},
  };
}
