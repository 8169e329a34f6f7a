import { type Profile, profiles } from '../src/core/profile.ts';
import type { WatchConfig } from '../src/core/watch/watch-types.ts';
import { createDns, type Dns } from './dns.ts';
import { connectEnd, type EndObserver, type ManagedEnd } from './driver/managed-end.ts';
import { createTunnel, endpointText, type Tunnel, tunnelAddresses, tunnelKeys } from './tunnel.ts';
import type { PeerSettings } from './wireguard/device.ts';
import type { Implementation } from './wireguard/protocol.ts';

/** The server's addresses and endpoints as the scenarios name them. */
export const serverAt = {
  v6Address: tunnelAddresses.server[3],
  v4Address: tunnelAddresses.server[0],
  v6: endpointText(tunnelAddresses.server[3], tunnelAddresses.port),
  v4: endpointText(tunnelAddresses.server[0], tunnelAddresses.port),
} as const;

/** The name under which the server is published. */
export const serverName = 'vpn.example';
/** The name of the client, where the server is managed, too. */
export const clientName = 'client.example';

/** How to build a tunnel with a watch on it. */
export interface ManagedTunnelOptions {
  readonly seed: number;
  readonly profile: Profile['name'];
  readonly implementation?: Implementation;
  /** One way; default 10. */
  readonly delayMs?: number;
  /** Of the client's peer; default 25, 0 for none. */
  readonly keepaliveS?: number;
  /** Of the server's; default 0. */
  readonly serverKeepaliveS?: number;
  /** More peers of the client's interface, by key. */
  readonly moreClientPeers?: Readonly<Record<string, PeerSettings>>;
  /** Addresses of the server that its name gives; default one of each family. */
  readonly published?: readonly string[];
  /** All addresses of the server; default those of `tunnelAddresses`. */
  readonly serverAddresses?: readonly string[];
  /** The endpoint set at the beginning; default the server's IPv6 address. */
  readonly startsOn?: string;
  /** The server is managed by the same program. */
  readonly bothEnds?: boolean;
  readonly echoTargets?: readonly string[];
  readonly lastKnownGood?: readonly string[];
  readonly config?: Partial<WatchConfig>;
  readonly observer?: EndObserver;
  readonly serverObserver?: EndObserver;
}

/** A tunnel whose client, and perhaps its server, is watched. */
export interface ManagedTunnel extends Tunnel {
  readonly dns: Dns;
  readonly managed: ManagedEnd;
  readonly managedServer: ManagedEnd | null;
  /** Both begin to watch. */
  start(): void;
}

/** Builds one; nothing happens before `start`. */
export function createManagedTunnel(options: ManagedTunnelOptions): ManagedTunnel {
  const startsOn = options.startsOn ?? serverAt.v6;
  const tunnel = createTunnel({
    seed: options.seed,
    implementation: options.implementation ?? 'kernel',
    delayMs: options.delayMs ?? 10,
    ...(options.serverAddresses === undefined ? {} : { serverAddresses: options.serverAddresses }),
    ...(options.moreClientPeers === undefined ? {} : { moreClientPeers: options.moreClientPeers }),
    clientPeer: { persistentKeepaliveS: options.keepaliveS ?? 25, endpoint: startsOn },
    serverPeer: { persistentKeepaliveS: options.serverKeepaliveS ?? 0 },
  });
  const { clock, random } = tunnel;
  const dns = createDns({ clock, random, caches: false });
  dns.publish(serverName, options.published ?? [serverAt.v6Address, serverAt.v4Address]);
  dns.publish(clientName, tunnelAddresses.client);
  const shared = { clock, random, dns, port: tunnelAddresses.port, profile: profiles[options.profile] };
  const managed = connectEnd({
    ...shared,
    name: 'client',
    end: tunnel.client,
    peerKey: tunnelKeys.server,
    names: [serverName],
    echoTargets: options.echoTargets ?? [tunnelAddresses.serverInner],
    ...(options.lastKnownGood === undefined ? {} : { lastKnownGood: options.lastKnownGood }),
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(options.observer === undefined ? {} : { observer: options.observer }),
  });
  const managedServer = options.bothEnds
    ? connectEnd({
        ...shared,
        name: 'server',
        end: tunnel.server,
        peerKey: tunnelKeys.client,
        names: [clientName],
        echoTargets: [tunnelAddresses.clientInner],
        ...(options.config === undefined ? {} : { config: options.config }),
        ...(options.serverObserver === undefined ? {} : { observer: options.serverObserver }),
      })
    : null;
  return {
    ...tunnel,
    dns,
    managed,
    managedServer,
    start() {
      managed.start();
      managedServer?.start();
    },
  };
}
