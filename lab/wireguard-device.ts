import { rmSync, statSync, writeFileSync } from 'node:fs';
import type { Daemon } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import type { Implementation } from './implementation.ts';
import type { KeyPair } from './keys.ts';
import type { Namespace } from './namespace.ts';
import { registryDirectory, wireguardSocketDirectory } from './registry.ts';
import { waitFor } from './wait.ts';

/** A peer as `wg setconf` takes it. */
export interface DevicePeer {
  readonly publicKey: string;
  readonly presharedKey: string | null;
  readonly allowedIps: readonly string[];
  readonly endpoint: string | null;
  readonly persistentKeepaliveS: number | null;
}

/** All that makes up one end of a tunnel. */
export interface DeviceSettings {
  readonly lab: string;
  readonly interface: string;
  readonly implementation: Implementation;
  readonly keys: KeyPair;
  /** Null: the system chooses one. */
  readonly listenPort: number | null;
  readonly fwmark: number | null;
  readonly peers: readonly DevicePeer[];
  /** Inner addresses in CIDR notation. */
  readonly addresses: readonly string[];
  /** Networks that are routed into the tunnel. */
  readonly routes: readonly string[];
}

/** A WireGuard interface in a namespace, which can be taken down and made again. */
export interface WireguardDevice {
  /** The lines for `ip -batch` that make its routes; `up` runs them. */
  readonly routeLines: readonly string[];
  /** Makes the interface; resolves when it is configured and up. */
  up(): Promise<void>;
  /** Removes the interface and all its sessions. */
  down(): Promise<void>;
}

/** A WireGuard interface of these settings in that namespace; nothing is made before `up` is called. */
export function wireguardDevice(namespace: Namespace, settings: DeviceSettings): WireguardDevice {
  const { interface: name, implementation } = settings;
  const routeLines = settings.routes.map((network) => `route replace ${network} dev ${name}`);
  let daemon: Daemon | null = null;

  async function create(): Promise<void> {
    if (implementation === 'kernel') return namespace.ip([`link add ${name} type wireguard`]);
    const started = startDaemon(namespace, ['wireguard-go', '--foreground', name], { LOG_LEVEL: 'error' });
    daemon = started;
    await waitFor('wireguard-go opens its socket', () => {
      const ended = started.ended();
      if (ended !== null) throw new Error(ended);
      return statSync(socketPath(name), { throwIfNoEntry: false })?.isSocket();
    });
    return undefined;
  }

  return {
    routeLines,
    up: async () => {
      await create();
      await namespace.ip([
        ...settings.addresses.map((address) => {
          const nodad = address.includes(':') ? ' nodad' : '';
          return `addr add ${address} dev ${name}${nodad}`;
        }),
        `link set ${name} up`,
        ...routeLines,
      ]);
      await configure(namespace, settings);
    },
    down: async () => {
      if (implementation === 'kernel') return namespace.ip([`link del ${name}`]);
      await daemon?.stop();
      rmSync(socketPath(name), { force: true });
      return undefined;
    },
  };
}

/** What `wg setconf` reads, keys included. */
export function configurationOf(settings: DeviceSettings): string {
  const line = (key: string, value: string | number | null) => (value === null ? [] : [`${key} = ${value}`]);
  return [
    '[Interface]',
    ...line('PrivateKey', settings.keys.privateKey),
    ...line('ListenPort', settings.listenPort),
    ...line('FwMark', settings.fwmark),
    ...settings.peers.flatMap((peer) => [
      '[Peer]',
      ...line('PublicKey', peer.publicKey),
      ...line('PresharedKey', peer.presharedKey),
      ...line('AllowedIPs', peer.allowedIps.join(', ')),
      ...line('Endpoint', peer.endpoint),
      ...line('PersistentKeepalive', peer.persistentKeepaliveS),
    ]),
    '',
  ].join('\n');
}

async function configure(namespace: Namespace, settings: DeviceSettings): Promise<void> {
  // A file, since wg opens /dev/stdin by name, which fails for the socket pairs that Node gives its children.
  const file = `${registryDirectory}/${settings.lab}/${settings.interface}.conf`;
  try {
    writeFileSync(file, configurationOf(settings), { mode: 0o600 });
    const result = await namespace.exec(['wg', 'setconf', settings.interface, file]);
    if (result.code !== 0)
      throw new Error(`wg setconf ${settings.interface} failed: ${result.stderr.trim()}`);
  } finally {
    rmSync(file, { force: true });
  }
}

function socketPath(name: string): string {
  return `${wireguardSocketDirectory}/${name}.sock`;
}
