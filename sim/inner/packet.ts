/** What an inner packet is about. */
export type InnerKind =
  | 'echo-request'
  | 'echo-reply'
  /** A request that a program on the other side answers with a `response`. */
  | 'request'
  | 'response'
  /** Data that nobody answers. */
  | 'one-way'
  /** A datagram to a port where nobody listens: the host answers with an ICMP error. */
  | 'closed-port'
  | 'icmp-error';

/** One IP packet inside the tunnel. Never changed once sent. */
export interface InnerPacket {
  readonly kind: InnerKind;
  readonly source: string;
  readonly destination: string;
  /** Length of the IP packet. */
  readonly bytes: number;
  /** Length of the answer a `request` asks for. */
  readonly answerBytes: number;
  /** Tells packets apart; an answer carries the number of what it answers. */
  readonly id: number;
  /** Hops it may still make; a router that would make it zero answers with an ICMP error. */
  readonly hopLimit: number;
}

/** An echo request as `ping` sends it: 56 bytes of data, 8 of ICMP, 20 of IPv4. */
export const pingBytes = 84;

/** The usual hop limit. */
export const usualHopLimit = 64;

/** Length of the ICMP error about a packet: it quotes the packet, and no more than 576 bytes in all (RFC 1812). */
export function icmpErrorBytes(packet: InnerPacket): number {
  return Math.min(576, 28 + packet.bytes);
}
