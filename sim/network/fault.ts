import { familyOfAddress, type Protocol } from './datagram.ts';

/**
 * A rule that swallows packets. What is left out matches everything. `from` and `to` are addresses as they are on the
 * wire, or the name of a host (all its addresses); one direction only, so a path that is dead both ways needs two.
 */
export interface Fault {
  /** `drop`: silently, somewhere on the way. `no-route`: the sender's own host says so, and nothing is sent. */
  readonly effect: 'drop' | 'no-route';
  readonly from?: string;
  readonly to?: string;
  readonly family?: 4 | 6;
  readonly protocol?: Protocol;
  readonly fromPort?: number;
  readonly toPort?: number;
}

/** Whether a rule concerns this pair of addresses; its ports and protocol are looked at packet by packet. */
export function faultConcerns(
  fault: Fault,
  source: string,
  destination: string,
  hostOf: (address: string) => string | null,
): boolean {
  return (
    (fault.family === undefined || fault.family === familyOfAddress(destination)) &&
    names(fault.from, source, hostOf) &&
    names(fault.to, destination, hostOf)
  );
}

/** Whether a rule that concerns the pair of addresses hits this packet too. */
export function faultHits(
  fault: Fault,
  packet: { readonly protocol: Protocol; readonly sourcePort: number; readonly destinationPort: number },
): boolean {
  return (
    (fault.protocol === undefined || fault.protocol === packet.protocol) &&
    (fault.fromPort === undefined || fault.fromPort === packet.sourcePort) &&
    (fault.toPort === undefined || fault.toPort === packet.destinationPort)
  );
}

function names(
  wanted: string | undefined,
  address: string,
  hostOf: (address: string) => string | null,
): boolean {
  return wanted === undefined || wanted === address || wanted === hostOf(address);
}
