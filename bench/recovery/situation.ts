import type { DnsRecords, Lab, LabOptions } from '../../lab/index.ts';

/** How the first packet that gets through both ways is seen: see `witness.ts`. */
export type WitnessKind = 'ping' | 'interface' | 'peer';

/** A path that goes dark under a live tunnel, and how that is done in a lab. */
export interface Situation {
  readonly name: string;
  /** For the table. */
  readonly title: string;
  /** A lab is used for several trials of the same situation. */
  readonly lab: LabOptions;
  readonly records: DnsRecords;
  /** The server whose endpoint is set, with a live session over it, when the path goes dark. */
  readonly startsAt: string;
  /** A ping each 50 ms goes through the tunnel, before and after. Else nothing of ours does. */
  readonly traffic: boolean;
  readonly witness: WitnessKind;
  /** Brings the lab to where a trial may begin, beyond a healed path, names and endpoint. */
  readonly reset: (lab: Lab) => Promise<void>;
  /** Once it is proven that the tunnel works: what the far side does from before the trial on. */
  readonly quieten: (lab: Lab) => Promise<void>;
  /** The moment. */
  readonly goDark: (lab: Lab) => Promise<void>;
}

/** The name in the client's configuration. */
export const host = 'vpn.example.test';
const v6 = '2001:db8:1::1';
const v4 = '203.0.113.1';
const oldAddress = '203.0.113.1';
const newAddress = '203.0.113.2';
/** One way: a round trip of 20 ms. The keepalive is what WireGuard's manual suggests behind NAT. */
const common = { delayMs: 10, persistentKeepaliveS: 25 };
const nothing = () => Promise.resolve();

const dualStack = {
  lab: {
    ...common,
    servers: [
      { name: 'v6', address: v6 },
      { name: 'v4', address: v4 },
    ],
  },
  records: { AAAA: [v6], A: [v4] },
  startsAt: 'v6',
  reset: nothing,
  quieten: nothing,
  goDark: (lab: Lab) => lab.path.set({ family: 6, drop: true }),
};

const move = {
  records: { A: [oldAddress] },
  startsAt: 'old',
  traffic: true,
  witness: 'ping' as const,
  quieten: nothing,
  goDark: async (lab: Lab) => {
    await Promise.all([
      lab.path.set({ address: oldAddress, drop: true }),
      lab.dns.set(host, { A: [newAddress] }),
    ]);
  },
};

/** IPv6 is lost in silence in both directions, under traffic. */
export const ipv6Dark: Situation = {
  ...dualStack,
  name: 'traffic',
  title: 'traffic, IPv6 black-holed',
  traffic: true,
  witness: 'ping',
};

/** The same on a tunnel through which only keepalives go. */
export const idleDark: Situation = {
  ...dualStack,
  name: 'idle',
  title: 'idle with keepalive, IPv6 black-holed',
  traffic: false,
  witness: 'interface',
};

/** The same, and nothing inside the tunnel ever answered: only WireGuard itself does. */
export const silentPeer: Situation = {
  ...dualStack,
  name: 'silent',
  title: "traffic, peer's inner firewall drops everything",
  traffic: true,
  witness: 'peer',
  reset: (lab) => lab.server().allowInner(),
  quieten: (lab) => lab.server().dropInner('all'),
};

/** The peer's machine has another address, and the name says so at the same moment. */
export const moved: Situation = {
  ...move,
  name: 'moved',
  title: 'peer moved, DNS changed, session known',
  lab: {
    ...common,
    servers: [
      { name: 'old', address: oldAddress },
      { name: 'new', address: newAddress },
    ],
  },
  reset: nothing,
};

/** Another machine with the same key, which has never heard of the client. */
export const rebuilt: Situation = {
  ...move,
  name: 'rebuilt',
  title: 'peer moved, DNS changed, session not known',
  lab: {
    ...common,
    servers: [
      { name: 'old', address: oldAddress, host: 'old' },
      { name: 'new', address: newAddress, host: 'new' },
    ],
  },
  // Without its session at the new machine, the client shakes hands with the old one at once.
  reset: async (lab) => {
    await Promise.all([lab.server('new').restart(), lab.wg.recreate()]);
  },
};

/** What the client sends by IPv6 is lost; what the peer sends arrives. */
export const oneWay: Situation = {
  ...dualStack,
  name: 'one-way',
  title: 'traffic, IPv6 black-holed from us to the peer only',
  traffic: true,
  witness: 'ping',
  goDark: (lab) => lab.path.set({ family: 6, direction: 'up', drop: true }),
};

/** Everything is lost for long; then the address comes back on which the tunnel is parked. */
export const allDark: Situation = {
  ...dualStack,
  name: 'all-dark',
  title: 'everything dark, then the parked address returns',
  traffic: false,
  witness: 'interface',
  goDark: (lab) => lab.path.set({ drop: true }),
};
