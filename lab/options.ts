/** An address that a WireGuard server of the lab has. */
export interface ServerAddress {
  /** For use instead of the address in `lab.address(name)` and `lab.endpoint(name)`. Default: the address. */
  readonly name?: string;
  readonly address: string;
  /** Which peer of the client's interface it belongs to, from 0 (default). */
  readonly peer?: number;
  /**
   * The machine that has it, when the peer is more than one: machines of one peer share the WireGuard key,
   * but each has sessions of its own. Default: the peer's first machine.
   */
  readonly host?: string;
}

/** What kind of lab to build. Everything has a default. */
export interface LabOptions {
  /**
   * Default, for each peer without any: one of each family, `v6` and `v4` (`v6-1`, `v4-1` for the second
   * peer).
   */
  readonly servers?: readonly ServerAddress[];
  /** Addresses of both families that answer pings but are no WireGuard peer. */
  readonly wrongHosts?: readonly string[];
  /**
   * How many WireGuard peers the client's interface has, each with a server, key and addresses. Default 1.
   */
  readonly peers?: number;
  /** How many uplinks the client has; the first is preferred. Default 1. */
  readonly uplinks?: 1 | 2;
  /** The families of the client's uplinks. Default both. */
  readonly families?: readonly (4 | 6)[];
  /** Delay of the path, one way. Default 10 ms, a 20 ms round trip. */
  readonly delayMs?: number;
  /** The delay varies evenly by up to this much in both directions. Default 0. */
  readonly jitterMs?: number;
  /** Seed of random loss and jitter. Default 1. */
  readonly seed?: number;
  /** UDP port of every server. Default 51820. */
  readonly port?: number;
  /**
   * The endpoint at the start: a server's name, an address, or null for none. Default: the first server's
   * address.
   */
  readonly endpoint?: string | null;
  /**
   * Inner addresses of the client and of the first peer. Defaults: 10.77.0.2/24 and fd77::2/64; 10.77.0.1
   * and fd77::1.
   */
  readonly inner?: { readonly client?: readonly string[]; readonly server?: readonly string[] };
  /** AllowedIPs of the first peer as a user would write them. Default: the server's inner addresses. */
  readonly allowedIps?: readonly string[];
  /**
   * The first peer's AllowedIPs are 0.0.0.0/0 and ::/0, with the fwmark, rules and routes that wg-quick
   * makes.
   */
  readonly fullTunnel?: boolean;
  /** Default: none. */
  readonly persistentKeepaliveS?: number;
  /** Default false. */
  readonly presharedKey?: boolean;
  /** Whether the client's users may open ICMP ping sockets (net.ipv4.ping_group_range). Default 'open'. */
  readonly pingGroupRange?: 'open' | 'closed';
  /** Time to live of the DNS answers. Default 1 s. */
  readonly dnsTtlS?: number;
  /** Further lines of the client's resolv.conf, for instance `options timeout:1`. */
  readonly resolvConf?: readonly string[];
  /** Default: the kernel's WireGuard where it has one, else wireguard-go. */
  readonly implementation?: 'kernel' | 'wireguard-go';
}
