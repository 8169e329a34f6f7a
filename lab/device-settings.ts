import type { Implementation } from './implementation.ts';
import type { HostPlan, Plan } from './plan.ts';
import { hostPrefix } from './plan.ts';
import type { DeviceSettings } from './wireguard-device.ts';

/** The client's end of the tunnel. */
export function clientSettings(plan: Plan, implementation: Implementation): DeviceSettings {
  return {
    lab: plan.id,
    interface: plan.interface,
    implementation,
    keys: plan.clientKeys,
    listenPort: null,
    fwmark: plan.fwmark,
    addresses: plan.clientInner,
    // Made afterwards, since those of a full tunnel need rules, too.
    routes: [],
    peers: plan.peers.map((peer) => ({
      publicKey: peer.keys.publicKey,
      presharedKey: peer.presharedKey,
      allowedIps: peer.allowedIps,
      endpoint: peer.endpoint,
      persistentKeepaliveS: plan.persistentKeepaliveS,
    })),
  };
}

/** The end of a far machine. Machines of one peer share its key and inner addresses. */
export function serverSettings(plan: Plan, host: HostPlan, implementation: Implementation): DeviceSettings {
  const peer = plan.peers[host.peer];
  if (peer === undefined) throw new Error(`Host ${host.name} is of a peer that is not planned.`);
  const clientInner = plan.clientInner.map((inner) => hostPrefix(inner.split('/')[0] ?? inner));
  return {
    lab: plan.id,
    interface: host.interface,
    implementation,
    keys: peer.keys,
    listenPort: plan.port,
    fwmark: null,
    addresses: peer.inner.map(hostPrefix),
    routes: clientInner,
    peers: [
      {
        publicKey: plan.clientKeys.publicKey,
        presharedKey: peer.presharedKey,
        allowedIps: clientInner,
        endpoint: null,
        persistentKeepaliveS: null,
      },
    ],
  };
}
