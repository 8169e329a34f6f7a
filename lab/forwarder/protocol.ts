/**
 * What the lab and its forwarder say to each other: one JSON object a line.
 * The lab writes requests to the forwarder's standard input; the forwarder answers each on its standard
 * output.
 */

/** 'up' is from the client to the servers, 'down' the way back. */
export type Direction = 'up' | 'down';

/** A rule as the forwarder matches it: every field that is null matches everything. */
export interface WireRule {
  readonly family: 4 | 6 | null;
  /** Address bytes and the number of leading bits that count; compared with both ends of the packet. */
  readonly prefix: { readonly bytes: readonly number[]; readonly bits: number } | null;
  readonly direction: Direction | null;
  /** Protocol numbers as in the IP header. */
  readonly protocols: readonly number[] | null;
  /** UDP or TCP port at either end. */
  readonly port: number | null;
  /** Matches packets whose whole IP length is above this. */
  readonly largerThanBytes: number | null;
  /** What happens to a packet that matches; null means the table's default. */
  readonly delayMs: number | null;
  readonly jitterMs: number | null;
  readonly lossPercent: number;
  readonly drop: boolean;
}

/** The whole state of the path. The first rule that matches a packet decides. */
export interface WireTable {
  readonly rules: readonly WireRule[];
  /** One way, for packets that no rule matches and rules that name no delay. */
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Delay of name look-ups on their way to the lab's DNS server; null drops them. */
  readonly dnsDelayMs: number | null;
}

/**
 * `attach` is sent once, when the TUN devices exist; `table` replaces the table; `count` asks for the
 * counters.
 */
export type Request =
  | { readonly kind: 'attach' | 'table'; readonly seq: number; readonly table: WireTable }
  | { readonly kind: 'count'; readonly seq: number };

/** Packets seen since the lab was made. */
export interface PathCounts {
  readonly up: number;
  readonly down: number;
  readonly dns: number;
  readonly dropped: number;
  /** Packets that the kernel refused to take back; anything but 0 is a fault of the lab. */
  readonly refused: number;
}

/** Each request gets one reply with its `seq`, sent after the request has taken effect. */
export interface Reply {
  readonly seq: number;
  readonly counts: PathCounts;
}

/** The names of the TUN devices in the router's namespace. */
export const tunDevices = { up: 'tunup', down: 'tundown', dns: 'tundns' } as const;
