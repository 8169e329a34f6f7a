import { tunDevices } from './forwarder/protocol.ts';
import { ipBatch, namespaceHandle } from './namespace.ts';
import type { HostPlan, Plan, UplinkFamily, UplinkPlan } from './plan.ts';
import { familyOf, hostPrefix } from './plan.ts';

// Order of the router's rules: name look-ups first, then what is for the router itself, then the way into
// the TUNs.
const preference = { dns: 1, local: 2, path: 3, foreign: 4 };
const tables = { up: 101, down: 102, dns: 103 };
const tunQueuePackets = 10_000;
const everyDestination = ['0.0.0.0/0', '::/0'];
const worldGateway = '100.64.255.1';
const worldDevice = 'w0';
const device = 'eth0';

/** Makes the namespaces and the cables between them. */
export async function createNamespaces(plan: Plan): Promise<void> {
  const { client, router, world } = plan.namespaces;
  const cable = (name: string, at: string, far: string) =>
    `link add name ${name} netns ${at} type veth peer name ${far} netns ${router}`;
  await ipBatch([
    ...[client, router, world, ...plan.hosts.map((host) => host.namespace)].map(
      (name) => `netns add ${name}`,
    ),
    ...plan.uplinks.map((uplink) => cable(uplink.device, client, uplink.routerDevice)),
    ...plan.hosts.map((host) => cable(device, host.namespace, host.routerDevice)),
    cable(device, world, worldDevice),
  ]);
}

/** Gives all namespaces their addresses, routes and rules. */
export async function configureNamespaces(plan: Plan): Promise<void> {
  const { client, router, world } = plan.namespaces;
  await Promise.all([
    configureRouter(plan, router),
    namespaceHandle(client).ip(['link set lo up', ...plan.uplinks.flatMap(uplinkLines)]),
    namespaceHandle(world).ip(farLines(plan.wrongHosts, worldGateway)),
    ...plan.hosts.map((host) => namespaceHandle(host.namespace).ip(farLines(host.addresses, host.gateway))),
  ]);
}

/** What makes an uplink work, at the client's end; also after it has been unplugged. */
export function uplinkLines(uplink: UplinkPlan): string[] {
  return [
    ...linkLines(uplink.device, 'fe80::2'),
    ...uplink.families.flatMap((each) => [
      `addr add ${each.client}/${each.prefixBits} dev ${uplink.device}${each.family === 6 ? ' nodad' : ''}`,
      defaultRoute(uplink, each),
    ]),
  ];
}

/** The line that makes an uplink's default route in one family. */
export function defaultRoute(uplink: UplinkPlan, { family, gateway }: UplinkFamily): string {
  const everywhere = everyDestination[family === 4 ? 0 : 1];
  return `route replace ${everywhere} via ${gateway} dev ${uplink.device} metric ${uplink.metric}`;
}

/** The lines that add or delete an address of a far machine, at its end and at the router's. */
export function addressLines(
  verb: 'add' | 'del',
  address: string,
  host: HostPlan,
): { host: string[]; router: string[] } {
  return {
    host: [
      `addr ${verb} ${hostPrefix(address)} dev ${device}${verb === 'add' ? nodad(address) : ''}`,
      farRoute(host.gateway),
    ],
    router: [`route ${verb} ${hostPrefix(address)} dev ${host.routerDevice}`],
  };
}

async function configureRouter(plan: Plan, router: string): Promise<void> {
  const cables = [
    ...plan.uplinks.map((uplink) => uplink.routerDevice),
    ...plan.hosts.map((host) => host.routerDevice),
    worldDevice,
  ];
  await namespaceHandle(router).ip([
    'link set lo up',
    ...cables.flatMap((name) => linkLines(name, 'fe80::1')),
    ...Object.entries(tunDevices).flatMap(([path, name]) => [
      `tuntap add dev ${name} mode tun`,
      `link set ${name} addrgenmode none txqueuelen ${tunQueuePackets} up`,
      ...everyDestination.map(
        (all) => `route add ${all} dev ${name} table ${tables[path as keyof typeof tables]}`,
      ),
    ]),
    ...plan.uplinks.flatMap((uplink) =>
      uplink.families.map(
        ({ family, gateway, prefixBits }) =>
          `addr add ${gateway}/${prefixBits} dev ${uplink.routerDevice}${family === 6 ? ' nodad' : ''}`,
      ),
    ),
    ...plan.hosts.flatMap((host) => [
      `addr add ${host.gateway}/24 dev ${host.routerDevice}`,
      ...host.addresses.flatMap((address) => addressLines('add', address, host).router),
    ]),
    `addr add ${worldGateway}/24 dev ${worldDevice}`,
    ...plan.wrongHosts.map((address) => `route add ${hostPrefix(address)} dev ${worldDevice}`),
    // What nobody has is lost in silence, as on the Internet; "unreachable" would answer with an error.
    ...everyDestination.map((all) => `route add blackhole ${all}`),
  ]);
  await Promise.all(
    ([4, 6] as const).map((family) => namespaceHandle(router).ip(ruleLines(plan, family), family)),
  );
}

function ruleLines(plan: Plan, family: 4 | 6): string[] {
  const far = [...plan.hosts.map((host) => host.routerDevice), worldDevice];
  const near = plan.uplinks.map((uplink) => uplink.routerDevice);
  const networks = plan.uplinks.flatMap((uplink) =>
    uplink.families
      .filter((each) => each.family === family)
      .map((each) => ({ name: uplink.routerDevice, ...each })),
  );
  const gateways = networks.map((each) => each.gateway);
  return [
    // The rule that comes first by default cannot be preceded, so it is moved.
    `rule add pref ${preference.local} lookup local`,
    'rule del pref 0',
    ...near.flatMap((name) =>
      gateways.map(
        (gateway) =>
          `rule add pref ${preference.dns} to ${hostPrefix(gateway)} iif ${name} ipproto udp dport 53 lookup ${tables.dns}`,
      ),
    ),
    ...networks.map(
      ({ name, network }) =>
        `rule add pref ${preference.path} from ${network} iif ${name} lookup ${tables.up}`,
    ),
    ...far.map((name) => `rule add pref ${preference.path} iif ${name} lookup ${tables.down}`),
    // A provider's ingress filter: an uplink takes no packet whose source belongs to another.
    ...near.map((name) => `rule add pref ${preference.foreign} iif ${name} blackhole`),
  ];
}

function farLines(addresses: readonly string[], gateway: string): string[] {
  return [
    'link set lo up',
    ...linkLines(device, 'fe80::2'),
    ...addresses.map((address) => `addr add ${hostPrefix(address)} dev ${device}${nodad(address)}`),
    farRoute(gateway),
    `route add ::/0 via fe80::1 dev ${device}`,
  ];
}

/**
 * A far machine has no address but its public ones, so those are what it sends from; "onlink" spares it one
 * to reach its gateway. "replace", since the kernel forgets all IPv4 routes of a device that loses its last
 * IPv4 address.
 */
function farRoute(gateway: string): string {
  return `route replace 0.0.0.0/0 via ${gateway} dev ${device} onlink`;
}

/** No automatic link-local address: its duplicate detection would hold everything up for a second. */
function linkLines(name: string, linkLocal: string): string[] {
  return [
    `link set ${name} addrgenmode none`,
    `link set ${name} up`,
    `addr add ${linkLocal}/64 dev ${name} nodad`,
  ];
}

function nodad(address: string): string {
  return familyOf(address) === 6 ? ' nodad' : '';
}
