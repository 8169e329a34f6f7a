import { type DeviceCore, forgetKeys, type Peer } from './peer.ts';
import { createPeerTimers } from './peer-timers.ts';
import { renewSession, retryHandshake, sendKeepalive } from './send.ts';

/**
 * Makes a peer that has never been heard of: no session, no endpoint, counters at zero, free to start a handshake at
 * once. `wheelPhaseMs`: where the host's timer wheel stands, or null for exact timers.
 */
export function createPeer(device: DeviceCore, publicKey: string, wheelPhaseMs: number | null): Peer {
  const { host, random, behaviour } = device;
  const timers = createPeerTimers(
    {
      monotonicMs: host.clock.monotonicMs,
      timer: host.clock.timer,
      wheelPhaseMs,
      jitterMs: () => random.next() * behaviour.jitterMs,
    },
    {
      retransmitHandshake: () => retryHandshake(device, peer),
      sendKeepalive: () => sendKeepalive(device, peer),
      newHandshake: () => renewSession(device, peer),
      zeroKeys: () => forgetKeys(device, peer),
      persistentKeepalive: () => sendKeepalive(device, peer),
    },
  );
  const peer: Peer = {
    publicKey,
    timers,
    keypairs: {
      current: null,
      previous: null,
      next: null,
      onDrop: (session) => device.sessions.delete(session),
    },
    staged: [],
    presharedKey: null,
    persistentKeepaliveS: 0,
    endpoint: null,
    initiation: null,
    lastSentHandshakeMs: Number.NEGATIVE_INFINITY,
    retries: 0,
    sentLastMinuteHandshake: false,
    latestTimestamp: Number.NEGATIVE_INFINITY,
    lastInitiationAtMs: Number.NEGATIVE_INFINITY,
    rxBytes: 0,
    txBytes: 0,
    latestHandshakeMs: 0,
    removed: false,
  };
  return peer;
}
