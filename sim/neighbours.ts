import type { Profile } from '../src/core/profile.ts';
import { connectEnd, type EndObserver, type ManagedEnd } from './driver/managed-end.ts';
import { createInnerHost, type InnerHost } from './inner/host.ts';
import type { ManagedTunnel } from './managed-tunnel.ts';
import { endpointText, tunnelAddresses, tunnelKeys } from './tunnel.ts';
import { createDevice, type Device, type PeerSettings } from './wireguard/device.ts';

/** Another peer of the client, with a server of its own, managed by the same program. */
export interface Neighbour {
  readonly name: string;
  readonly managed: ManagedEnd;
  /** The client's interface that it is a peer of. */
  readonly device: Device;
  readonly peerKey: string;
  readonly addresses: readonly string[];
}

/** What one is made of; the numbers begin with 1. */
function describe(number: number): { readonly name: string; readonly key: string; readonly inner: string } {
  return { name: `neighbour-${number}`, key: `neighbour-${number}-key`, inner: `10.77.0.${10 + number}` };
}

function addressesOf(number: number): readonly [string, string] {
  return [`2001:db8:9::${number}`, `203.0.113.${10 + number}`];
}

const keepaliveS = 25;

function settingsOf(number: number): PeerSettings {
  return {
    allowedIps: [`${describe(number).inner}/32`],
    endpoint: endpointText(addressesOf(number)[0], tunnelAddresses.port),
    persistentKeepaliveS: keepaliveS,
  };
}

/** The peers that the client's first interface needs for so many neighbours on it. */
export function neighbourPeers(count: number): Readonly<Record<string, PeerSettings>> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return Object.fromEntries(numbers.map((number) => [describe(number).key, settingsOf(number)]));
}

/**
 * Adds neighbours to a tunnel: `sameInterface` of them are peers of its interface (and must have been among its peers
 * from the beginning), `otherInterface` are each on an interface of their own.
 */
export function addNeighbours(
  tunnel: ManagedTunnel,
  options: {
    readonly sameInterface: number;
    readonly otherInterface: number;
    readonly profile: Profile;
    readonly observer: (name: string) => EndObserver;
  },
): readonly Neighbour[] {
  const { clock, random, client, dns } = tunnel;
  const { port, clientInner } = tunnelAddresses;

  const addServer = (number: number, clientKey: string, clientAddress: string): void => {
    const { name, key, inner } = describe(number);
    const device = createDevice({
      host: tunnel.addHost(name, addressesOf(number)),
      random,
      publicKey: key,
      listenPort: port,
      implementation: client.device.implementation,
      peers: { [clientKey]: { allowedIps: [`${clientAddress}/32`] } },
    });
    createInnerHost({ clock, device, addresses: [inner] });
    dns.publish(`${name}.example`, addressesOf(number));
  };

  const addInterface = (number: number): { readonly device: Device; readonly inner: InnerHost } => {
    const inner = `10.78.0.${number}`;
    const publicKey = `client-${number}-key`;
    const device = createDevice({
      host: client.host,
      random,
      publicKey,
      listenPort: port + number,
      implementation: client.device.implementation,
      peers: { [describe(number).key]: settingsOf(number) },
    });
    addServer(number, publicKey, inner);
    return { device, inner: createInnerHost({ clock, device, addresses: [inner] }) };
  };

  return Array.from({ length: options.sameInterface + options.otherInterface }, (_, index) => {
    const number = index + 1;
    const { name, key, inner } = describe(number);
    const sameInterface = number <= options.sameInterface;
    if (sameInterface) addServer(number, tunnelKeys.client, clientInner);
    const end = sameInterface ? client : { host: client.host, ...addInterface(number) };
    const managed = connectEnd({
      name,
      clock,
      random,
      end,
      peerKey: key,
      dns,
      names: [`${name}.example`],
      port,
      profile: options.profile,
      echoTargets: [inner],
      observer: options.observer(name),
      beside: tunnel.managed,
      sameInterface,
    });
    return { name, managed, device: end.device, peerKey: key, addresses: addressesOf(number) };
  });
}
