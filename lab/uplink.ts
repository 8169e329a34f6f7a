import type { Namespace } from './namespace.ts';
import type { UplinkPlan } from './plan.ts';
import { defaultRoute, uplinkLines } from './topology.ts';

/** One of the client's ways to the router. */
export interface LabUplink {
  /** Device in the client's namespace. */
  readonly device: string;
  /** The client's address there, as it is now; null if the uplink lacks that family. */
  address(family: 4 | 6): string | null;
  /** The cable is out: the device is down, its addresses and routes are gone. */
  unplug(): Promise<void>;
  /** The cable is in again, with the same addresses as before. */
  plug(): Promise<void>;
  /**
   * The provider gives the client another address, under whatever is running: the old one is gone, the
   * default route stays. Must be within the uplink's network (192.0.2.0/25, 2001:db8:c0::/64; second:
   * 192.0.2.128/25, 2001:db8:c1::/64).
   */
  replaceAddress(family: 4 | 6, address: string): Promise<void>;
}

/** The controls of one uplink. */
export function uplinkControls(client: Namespace, plan: UplinkPlan): LabUplink {
  let families = plan.families;
  const of = (family: 4 | 6) => families.find((each) => each.family === family) ?? null;
  return {
    device: plan.device,
    address: (family) => of(family)?.client ?? null,
    unplug: () => client.ip([`addr flush dev ${plan.device}`, `link set ${plan.device} down`]),
    plug: () => client.ip(uplinkLines({ ...plan, families })),
    replaceAddress: async (family, address) => {
      const old = of(family);
      if (old === null) throw new Error(`The uplink ${plan.device} has no IPv${family}.`);
      const tail = `/${old.prefixBits} dev ${plan.device}`;
      await client.ip([
        `addr add ${address}${tail}${family === 6 ? ' nodad' : ''}`,
        `addr del ${old.client}${tail}`,
        // Deleting the first IPv4 address of a network takes the others of that network along, unless
        // promoted.
        `addr replace ${address}${tail}${family === 6 ? ' nodad' : ''}`,
        defaultRoute(plan, old),
      ]);
      families = families.map((each) => (each === old ? { ...each, client: address } : each));
    },
  };
}
