import type { Namespace } from './namespace.ts';
import type { HostPlan, Plan } from './plan.ts';
import { hostPrefix } from './plan.ts';
import { addressLines } from './topology.ts';
import type { WireguardDevice } from './wireguard-device.ts';

/** A machine at the far side: a namespace with WireGuard, and what can go wrong with it. */
export interface LabServer extends Namespace {
  /** Its WireGuard interface; also its name in the machine-wide list of userspace sockets. */
  readonly interface: string;
  /**
   * Its firewall drops pings through the tunnel, or everything that comes out of the tunnel. WireGuard lives
   * on.
   */
  dropInner(what: 'icmp' | 'all'): Promise<void>;
  /** Takes `dropInner` back. */
  allowInner(): Promise<void>;
  /** Its firewall drops echo requests from outside the tunnel. WireGuard lives on. */
  dropOuterEcho(): Promise<void>;
  allowOuterEcho(): Promise<void>;
  /** Removes an inner address, by default the first: the tunnel lives, what was there is gone. */
  removeInnerAddress(address?: string): Promise<void>;
  addInnerAddress(address: string): Promise<void>;
  /** Gives it one more address in the underlay. */
  addAddress(address: string): Promise<void>;
  /** Takes an address of the underlay away; packets to it are then lost in silence. */
  removeAddress(address: string): Promise<void>;
  /** Makes the WireGuard interface anew: same key, no session, no memory of where the client is. */
  restart(): Promise<void>;
  /** Removes the WireGuard interface: the machine answers pings, and WireGuard with "port unreachable". */
  stop(): Promise<void>;
  /** Undoes `stop`. */
  start(): Promise<void>;
}

/** The controls of one far machine. */
export function serverControls(
  plan: Plan,
  host: HostPlan,
  machine: Namespace,
  router: Namespace,
  device: WireguardDevice,
): LabServer {
  let innerDropped: 'none' | 'icmp' | 'all' = 'none';
  let outerEchoDropped = false;

  const rules = (): string => {
    const outer = outerEchoDropped
      ? 'iifname "eth0" icmp type echo-request drop\n iifname "eth0" icmpv6 type echo-request drop\n'
      : '';
    const what = { none: null, icmp: 'meta l4proto { icmp, ipv6-icmp } drop', all: 'drop' }[innerDropped];
    const inner = what === null ? '' : `iifname "${host.interface}" ${what}\n`;
    return ['input', 'forward']
      .map((hook) => `chain ${hook} {\n type filter hook ${hook} priority 0\n ${outer}${inner}}`)
      .join('\n');
  };
  const inner = (verb: 'add' | 'del', address: string) => {
    const nodad = verb === 'add' && address.includes(':') ? ' nodad' : '';
    return machine.ip([
      `addr ${verb} ${hostPrefix(address)} dev ${host.interface}${nodad}`,
      // With its last IPv4 address a device loses its IPv4 routes; the way back to the client must stay.
      ...device.routeLines,
    ]);
  };
  const underlay = async (verb: 'add' | 'del', address: string) => {
    const lines = addressLines(verb, address, host);
    await Promise.all([machine.ip(lines.host), router.ip(lines.router)]);
  };

  return {
    ...machine,
    interface: host.interface,
    dropInner: (what) => {
      innerDropped = what;
      return machine.firewall(rules());
    },
    allowInner: () => {
      innerDropped = 'none';
      return machine.firewall(rules());
    },
    dropOuterEcho: () => {
      outerEchoDropped = true;
      return machine.firewall(rules());
    },
    allowOuterEcho: () => {
      outerEchoDropped = false;
      return machine.firewall(rules());
    },
    removeInnerAddress: (address = plan.peers[host.peer]?.inner[0] ?? '') => inner('del', address),
    addInnerAddress: (address) => inner('add', address),
    addAddress: (address) => underlay('add', address),
    removeAddress: (address) => underlay('del', address),
    restart: async () => {
      await device.down();
      await device.up();
    },
    stop: () => device.down(),
    start: () => device.up(),
  };
}
