import type { Message } from '../wireguard/message.ts';

/** What the network can treat differently. */
export type Protocol = 'udp' | 'icmp';

/** ICMP echo outside any tunnel. */
export interface OuterEcho {
  readonly kind: 'echo-request' | 'echo-reply';
  readonly id: number;
}

/** ICMP: nobody listens on that port. */
export interface PortUnreachable {
  readonly kind: 'port-unreachable';
  /** Where the refused datagram was sent to. */
  readonly address: string;
  readonly port: number;
}

/** What a datagram carries. */
export type Payload = Message | OuterEcho | PortUnreachable;

/** One packet on the wire. The network writes `source` when it is sent and when a NAT changes it. */
export interface Datagram {
  readonly protocol: Protocol;
  /** Null on sending: whatever address the route says. */
  source: string | null;
  sourcePort: number;
  destination: string;
  destinationPort: number;
  /** Length of the UDP (or ICMP) payload. */
  readonly payloadBytes: number;
  /** May be cut into fragments where it does not fit (the kernel's WireGuard over IPv4; facts F). */
  readonly mayFragment: boolean;
  readonly payload: Payload;
}

/** 4 or 6, of a canonical address. */
export function familyOfAddress(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** Length of the whole IP packet: 8 bytes of UDP or ICMP header and 20 (IPv4) or 40 (IPv6) of IP. */
export function packetBytes(datagram: Datagram): number {
  return datagram.payloadBytes + (familyOfAddress(datagram.destination) === 4 ? 28 : 48);
}
