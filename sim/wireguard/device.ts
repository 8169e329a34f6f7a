import type { Observation } from '../../src/core/observation.ts';
import { parseEndpoint } from '../../src/wireguard/endpoint.ts';
import type { InnerPacket } from '../inner/packet.ts';
import type { Host } from '../network/host.ts';
import type { Random } from '../random.ts';
import { createAllowedIps } from './allowed-ips.ts';
import { createPeer } from './create-peer.ts';
import { type DeviceCore, endpointTextOf, forgetKeys, type Peer } from './peer.ts';
import { behaviours, type Implementation } from './protocol.ts';
import { type ReceiveContext, receive } from './receive.ts';
import { sendInner, sendKeepalive, sendStaged } from './send.ts';

/** What `wg set` can say of a peer; what is left out stays as it is. */
export interface PeerSettings {
  /** Canonical text. */
  readonly endpoint?: string;
  readonly allowedIps?: readonly string[];
  /** 0 for off. */
  readonly persistentKeepaliveS?: number;
  readonly presharedKey?: string | null;
}

/** What `wg show` says of a peer, and the interface's count of frame errors. */
export interface PeerStatus extends Observation {
  readonly allowedIps: readonly string[];
  readonly persistentKeepaliveS: number;
  readonly presharedKey: string | null;
}

/**
 * What became of an inner packet on its way out. `taken`: it was sent or waits for a session. `down`: the interface
 * is, or its host sleeps.
 */
export type InnerOutcome = 'taken' | 'no-peer' | 'no-endpoint' | 'down';

/** A WireGuard interface of one host. */
export interface Device {
  readonly host: Host;
  readonly publicKey: string;
  readonly implementation: Implementation;
  readonly mtuBytes: number;
  /** Null if there is no such peer. */
  show(publicKey: string): PeerStatus | null;
  /** What changes by itself of what `show` says: cheap, since it is read every second. */
  observe(publicKey: string): Observation | null;
  /** The peer's endpoint; null for none, or for no such peer. */
  endpoint(publicKey: string): string | null;
  peers(): readonly string[];
  /** `wg set … peer`: creates the peer if it is not there, as `wg` does. Setting an endpoint alone sends nothing. */
  set(publicKey: string, settings: PeerSettings): void;
  remove(publicKey: string): void;
  /** Removes the peer and adds it again in one call; sessions, counters and the rate limit begin anew. */
  reset(publicKey: string, settings: PeerSettings): void;
  listenPort(): number;
  /** False, and nothing changed, if the port is taken. */
  setListenPort(port: number): boolean;
  /** `ip link set … up` or `down`: sessions end with `down`, peers and counters stay. */
  setUp(up: boolean): void;
  /** The host was rebooted: peers (or only that one) come back as first configured, and nothing else is left. */
  restart(publicKey?: string): void;
  /** The interface is gone for good, and its port is free. */
  destroy(): void;
  /** Routes an inner packet to its peer. */
  sendInner(packet: InnerPacket): InnerOutcome;
  /** Who takes the inner packets that arrive; one at a time. */
  onInner(take: (packet: InnerPacket, fromPeer: string) => void): void;
}

/** What a device is made of. */
export interface DeviceOptions {
  readonly host: Host;
  readonly random: Random;
  /** Identity. Two devices with the same key are two servers with the same private key and separate sessions. */
  readonly publicKey: string;
  readonly listenPort: number;
  readonly implementation: Implementation;
  /** Default 1420. */
  readonly mtuBytes?: number;
  readonly peers: Readonly<Record<string, PeerSettings>>;
}

/** Makes a device that is up. Throws if its port is taken. */
export function createDevice(options: DeviceOptions): Device {
  const { host, implementation, publicKey } = options;
  const behaviour = behaviours[implementation];
  const random = options.random.split(`wireguard ${host.name} ${publicKey} ${options.listenPort}`);
  const core: DeviceCore = {
    host,
    publicKey,
    behaviour,
    mtuBytes: options.mtuBytes ?? 1420,
    random,
    sessions: new Map(),
    initiations: new Map(),
    listenPort: options.listenPort,
    up: true,
    ageMs: behaviour.agesAsleep ? host.clock.bootMs : host.clock.monotonicMs,
  };
  const wheelPhaseMs = behaviour.usesTimerWheel ? random.between(0, 131_072) : null;
  const peers = new Map<string, Peer>();
  const allowedIps = createAllowedIps<Peer>();
  let rxFrameErrors = 0;
  let takeInner: (packet: InnerPacket, fromPeer: string) => void = () => {};

  const context: ReceiveContext = {
    findPeer: (key) => peers.get(key) ?? null,
    ownerOf: allowedIps.find,
    accept: (packet, peer) => takeInner(packet, peer.publicKey),
    reject() {
      if (!behaviour.countsForeignSources) rxFrameErrors++;
    },
  };
  const listen = (port: number): boolean => host.bind(port, (datagram) => receive(core, context, datagram));

  const set = (key: string, settings: PeerSettings): void => {
    let peer = peers.get(key);
    if (!peer) {
      peer = createPeer(core, key, wheelPhaseMs);
      peers.set(key, peer);
    }
    if (settings.presharedKey !== undefined) peer.presharedKey = settings.presharedKey;
    if (settings.endpoint !== undefined) {
      const endpoint = parseEndpoint(settings.endpoint);
      if (endpoint === null) throw new Error(`${settings.endpoint} is no endpoint`);
      peer.endpoint = { ...endpoint, source: null, text: null };
    }
    if (settings.allowedIps !== undefined) allowedIps.replace(peer, settings.allowedIps);
    if (settings.persistentKeepaliveS !== undefined) {
      const begins = peer.persistentKeepaliveS === 0 && settings.persistentKeepaliveS > 0;
      peer.persistentKeepaliveS = settings.persistentKeepaliveS;
      if (begins && core.up) sendKeepalive(core, peer);
    }
    sendStaged(core, peer);
  };

  const remove = (key: string): void => {
    const peer = peers.get(key);
    if (!peer) return;
    peer.removed = true;
    peer.timers.stop();
    forgetKeys(core, peer);
    allowedIps.remove(peer);
    peers.delete(key);
  };

  const stopAll = (): void => {
    for (const peer of peers.values()) {
      peer.timers.stop();
      forgetKeys(core, peer);
      peer.staged.length = 0;
      peer.lastSentHandshakeMs = Number.NEGATIVE_INFINITY;
    }
  };

  const configure = (): void => {
    for (const [key, settings] of Object.entries(options.peers)) set(key, settings);
  };

  host.clock.onSuspend(() => {
    if (behaviour.forgetsKeysOnSuspend) for (const peer of peers.values()) forgetKeys(core, peer);
  });
  if (!listen(core.listenPort)) throw new Error(`port ${core.listenPort} of ${host.name} is taken`);
  configure();

  const observe = (peer: Peer): Observation => ({
    endpoint: peer.endpoint && endpointTextOf(peer.endpoint),
    rxBytes: peer.rxBytes,
    txBytes: peer.txBytes,
    latestHandshakeS: Math.floor(peer.latestHandshakeMs / 1000),
    // The kernel counts frame errors, wireguard-go does not have them.
    rxFrameErrors: implementation === 'kernel' ? rxFrameErrors : null,
  });

  return {
    host,
    publicKey,
    implementation,
    mtuBytes: core.mtuBytes,
    observe(key) {
      const peer = peers.get(key);
      return peer ? observe(peer) : null;
    },
    endpoint(key) {
      const endpoint = peers.get(key)?.endpoint;
      return endpoint ? endpointTextOf(endpoint) : null;
    },
    show(key) {
      const peer = peers.get(key);
      if (!peer) return null;
      return {
        ...observe(peer),
        rxFrameErrors,
        allowedIps: allowedIps.of(peer),
        persistentKeepaliveS: peer.persistentKeepaliveS,
        presharedKey: peer.presharedKey,
      };
    },
    peers: () => [...peers.keys()],
    set,
    remove,
    reset(key, settings) {
      remove(key);
      set(key, settings);
    },
    listenPort: () => core.listenPort,
    setListenPort(port) {
      if (port === core.listenPort) return true;
      if (!listen(port)) return false;
      host.unbind(core.listenPort);
      core.listenPort = port;
      return true;
    },
    setUp(up) {
      if (up === core.up) return;
      core.up = up;
      if (!up) {
        stopAll();
        return;
      }
      for (const peer of peers.values()) {
        sendStaged(core, peer);
        if (peer.persistentKeepaliveS > 0) sendKeepalive(core, peer);
      }
    },
    restart(only) {
      const settings = only === undefined ? undefined : options.peers[only];
      if (only !== undefined && settings !== undefined) {
        remove(only);
        set(only, settings);
        return;
      }
      for (const key of [...peers.keys()]) remove(key);
      rxFrameErrors = 0;
      configure();
    },
    destroy() {
      for (const key of [...peers.keys()]) remove(key);
      core.up = false;
      host.unbind(core.listenPort);
    },
    sendInner(packet) {
      if (!core.up || host.clock.suspended()) return 'down';
      const peer = allowedIps.find(packet.destination);
      if (peer === null) return 'no-peer';
      if (peer.endpoint === null) return 'no-endpoint';
      sendInner(core, peer, packet);
      return 'taken';
    },
    onInner(take) {
      takeInner = take;
    },
  };
}
