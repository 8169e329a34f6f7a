import { profiles } from '../../src/core/profile.ts';
import { createWatch } from '../../src/core/watch/watch.ts';
import type { WatchEvent } from '../../src/core/watch/watch-types.ts';
import type { WatchedPeer } from '../../src/daemon/watched-peer.ts';
import type { ManagedPeer } from '../../src/sources/managed.ts';

/** A managed peer as the sources give it. */
export function managedPeer(change: Partial<ManagedPeer> = {}): ManagedPeer {
  return {
    interface: 'wg0',
    publicKey: 'fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=',
    profile: 'fast',
    prefer: 'ipv6',
    failback: { kind: 'never' },
    handshakeProbe: 'off',
    sources: [],
    allowedIpsWritten: [],
    tunnelTargets: [],
    profileExplicit: false,
    persistentKeepaliveS: 25,
    ...change,
  };
}

/** A watched peer without a world: events reach a real watch, and nothing comes of what it asks for. */
export interface FakePeer extends WatchedPeer {
  readonly events: WatchEvent[];
}

/** Creates one that was just started. */
export function createFakePeer(managed: ManagedPeer): FakePeer {
  const watch = createWatch({
    profile: profiles[managed.profile],
    prefer: managed.prefer,
    failbackMs: null,
    echoTargets: [],
    handshakes: false,
    testWhenIdle: true,
    phase: 0,
    remembered: new Map(),
    failedAtMs: new Map(),
  });
  const events: WatchEvent[] = [];
  const dispatch = (event: WatchEvent): void => {
    events.push(event);
    watch.handle(event, { monotonicMs: performance.now(), wallMs: Date.now() });
  };
  dispatch({ type: 'start' });
  return {
    managed,
    events,
    snapshot: () => watch.snapshot(),
    healthSinceMs: () => Date.now(),
    dispatch,
    offer: ({ candidates, settled }) => dispatch({ type: 'candidates', candidates, settled }),
    beginReading: () => () => {},
    stop: () => {},
  };
}
