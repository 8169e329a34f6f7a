import { familyOfAddress } from './datagram.ts';
import type { Nat } from './nat.ts';

/** One way out of a host. */
export interface Uplink {
  readonly name: string;
  /** The host's addresses on it, of both families; the first of a family is the usual source. */
  readonly addresses: readonly string[];
  /** Of several that are up, the one with the lowest metric carries everything. */
  readonly metric: number;
  readonly up: boolean;
  readonly nat: Nat | null;
  /** Whether packets with the source address of another uplink get out; providers drop them (BCP 38). */
  readonly passesForeignSources: boolean;
}

/** Where packets to a destination leave. */
export interface Route {
  readonly uplink: Uplink;
  readonly source: string;
}

/** The uplinks of one host and the routes that follow from them. */
export interface Uplinks {
  /** Adds one, or replaces the one of that name. */
  set(uplink: Uplink): void;
  get(name: string): Uplink | null;
  remove(name: string): void;
  all(): readonly Uplink[];
  /** Where packets to that address leave, or null if there is no route. */
  route(destination: string): Route | null;
  /** The uplink that has this address, or null. An address stays while its uplink is down. */
  owner(address: string): Uplink | null;
}

/** Makes an empty list. */
export function createUplinks(): Uplinks {
  const uplinks = new Map<string, Uplink>();
  const routes = new Map<4 | 6, Route | null>();
  const owners = new Map<string, Uplink>();

  const changed = (): void => {
    routes.clear();
    owners.clear();
    for (const uplink of uplinks.values()) {
      for (const address of uplink.addresses) owners.set(address, uplink);
    }
  };

  const best = (family: 4 | 6): Route | null => {
    let found: Route | null = null;
    for (const uplink of uplinks.values()) {
      const source = uplink.addresses.find((address) => familyOfAddress(address) === family);
      if (!uplink.up || source === undefined) continue;
      if (found === null || uplink.metric < found.uplink.metric) found = { uplink, source };
    }
    return found;
  };

  return {
    set(uplink) {
      uplinks.set(uplink.name, uplink);
      changed();
    },
    get: (name) => uplinks.get(name) ?? null,
    remove(name) {
      uplinks.delete(name);
      changed();
    },
    all: () => [...uplinks.values()],
    route(destination) {
      const family = familyOfAddress(destination);
      let route = routes.get(family);
      if (route === undefined) {
        route = best(family);
        routes.set(family, route);
      }
      return route;
    },
    owner: (address) => owners.get(address) ?? null,
  };
}
