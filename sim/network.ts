import type { Clock } from './clock.ts';
import type { HostClock } from './host-clock.ts';
import { type Datagram, familyOfAddress, packetBytes } from './network/datagram.ts';
import { type Fault, faultHits } from './network/fault.ts';
import { createHost, type Host, type NetworkHost, type SendOutcome } from './network/host.ts';
import type { Nat } from './network/nat.ts';
import { createPathTable, type Path, type PathSettings } from './network/path.ts';
import type { Route } from './network/uplinks.ts';
import type { Random } from './random.ts';

/** What became of a datagram. `sent`: it left a host. The rest is where it ended; each sent one ends once. */
export type PacketFate =
  | 'sent'
  | 'delivered'
  /** A fault swallowed it, or its uplink's provider did (foreign source address). */
  | 'blocked'
  /** Random or burst loss. */
  | 'lost'
  | 'too-big'
  /** Nobody has this address, its host sleeps, its uplink is down, or a NAT knows of no such flow. */
  | 'undeliverable'
  /** It came to the host, but nobody there took it. */
  | 'unwanted';

/** Sees every packet at each step of its life; must not change it. */
export type PacketObserver = (fate: PacketFate, datagram: Readonly<Datagram>, nowMs: number) => void;

/** The network between all hosts of a world. */
export interface Network {
  /** Adds a machine without uplinks; its name must be new and no address. */
  addHost(name: string, clock: HostClock): Host;
  /** Changes the path from `from` to `to` (addresses as on the wire, or `*`), that direction only. */
  setPath(from: string, to: string, settings: Partial<PathSettings>): void;
  /** `setPath` in both directions. */
  setPaths(one: string, other: string, settings: Partial<PathSettings>): void;
  /** A fault begins; the function returned ends it. */
  addFault(fault: Fault): () => void;
  observe(observer: PacketObserver): void;
  /** How many packets met which fate so far. */
  counts(): Readonly<Record<PacketFate, number>>;
  /** Packets on the way now. */
  inFlight(): number;
}

/** Makes an empty network. */
export function createNetwork(options: { readonly clock: Clock; readonly random: Random }): Network {
  const { clock } = options;
  const random = options.random.split('network');
  const hosts = new Map<string, NetworkHost>();
  /** Who has an address, on the wire: a NAT has its public one. */
  const owners = new Map<string, { readonly host: NetworkHost; readonly nat: Nat | null }>();
  let inFlight = 0;
  const observers: PacketObserver[] = [];
  const counts: Record<PacketFate, number> = {
    sent: 0,
    delivered: 0,
    blocked: 0,
    lost: 0,
    'too-big': 0,
    undeliverable: 0,
    unwanted: 0,
  };
  const paths = createPathTable({
    random: random.split('paths'),
    nowMs: clock.nowMs,
    hostOf: (address) => owners.get(address)?.host.name ?? null,
  });

  const addressesChanged = (): void => {
    owners.clear();
    for (const host of hosts.values()) {
      for (const address of host.addresses()) {
        owners.set(address, { host, nat: null });
        const nat = host.uplinkOf(address)?.nat;
        if (nat && familyOfAddress(nat.publicAddress) === familyOfAddress(address)) {
          owners.set(nat.publicAddress, { host, nat });
        }
      }
    }
    paths.refresh();
  };

  const note = (fate: PacketFate, datagram: Datagram): void => {
    counts[fate]++;
    for (const observer of observers) observer(fate, datagram, clock.nowMs());
  };

  const transmit = (host: NetworkHost, route: Route, datagram: Datagram): SendOutcome => {
    const source = datagram.source ?? route.source;
    const home = host.uplinkOf(source);
    const { nat } = route.uplink;
    if (nat && home === route.uplink && familyOfAddress(nat.publicAddress) === familyOfAddress(source)) {
      nat.translateOut(datagram, clock.nowMs());
    }
    const path = paths.find(datagram.source ?? source, datagram.destination);
    const fault = path.faults.length > 0 ? path.faults.find((rule) => faultHits(rule, datagram)) : undefined;
    if (fault?.effect === 'no-route') return 'no-route';
    note('sent', datagram);
    if (fault || (home !== route.uplink && !route.uplink.passesForeignSources)) note('blocked', datagram);
    else carry(path, datagram);
    return 'sent';
  };

  const carry = (path: Path, datagram: Datagram): void => {
    const { settings } = path;
    const nowMs = clock.nowMs();
    if (
      packetBytes(datagram) > settings.mtuBytes &&
      !(datagram.mayFragment && familyOfAddress(datagram.destination) === 4 && settings.passesFragments)
    ) {
      note('too-big', datagram);
      return;
    }
    if (random.chance(settings.lossRate) || path.burst?.(nowMs)) {
      note('lost', datagram);
      return;
    }
    let delayMs = settings.delayMs;
    if (settings.jitterMs > 0) delayMs += settings.jitterMs * random.next();
    if (settings.peak && random.chance(settings.peak.rate)) delayMs += settings.peak.maxMs * random.next();
    path.lastArrivalMs = Math.max(path.lastArrivalMs, nowMs + delayMs);
    inFlight++;
    clock.at(path.lastArrivalMs, arrive, datagram);
  };

  const arrive = (datagram: Datagram): void => {
    inFlight--;
    const owner = owners.get(datagram.destination);
    // At the public address of a NAT only what somebody inside asked for comes in.
    const reached =
      owner !== undefined &&
      !owner.host.clock.suspended() &&
      (owner.nat?.translateIn(datagram, clock.nowMs()) ?? true);
    if (reached && owner.host.uplinkOf(datagram.destination)?.up) {
      note(owner.host.accept(datagram) ? 'delivered' : 'unwanted', datagram);
    } else {
      note('undeliverable', datagram);
    }
  };

  return {
    addHost(name, hostClock) {
      if (hosts.has(name)) throw new Error(`there is a host named ${name} already`);
      const host = createHost({ name, clock: hostClock, transmit, addressesChanged });
      hosts.set(name, host);
      return host;
    },
    setPath: paths.set,
    setPaths(one, other, settings) {
      paths.set(one, other, settings);
      paths.set(other, one, settings);
    },
    addFault: paths.addFault,
    observe: (observer) => {
      observers.push(observer);
    },
    counts: () => ({ ...counts }),
    inFlight: () => inFlight,
  };
}
