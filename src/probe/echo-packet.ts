/** Bytes of an ICMP echo header: type, code, checksum, id, sequence number. */
const headerBytes = 8;
/**
 * Random bytes at the start of the payload, by which an answer is known to be to our own request. Four of them and the
 * ICMP header fit in the 32 bytes to which WireGuard pads the smallest packet over IPv4.
 */
export const tokenBytes = 4;

/** What an echo reply carries that tells which request it answers. */
export interface EchoReply {
  readonly sequence: number;
  /** The first bytes of the payload. */
  readonly token: Buffer;
}

/**
 * An echo request for a ping socket. The kernel writes id and checksum itself. `sequence` is 0 to 65535;
 * `payloadBytes` at least `tokenBytes`. The payload after the token is zeros.
 */
export function echoRequest(family: 4 | 6, sequence: number, token: Buffer, payloadBytes: number): Buffer {
  const packet = Buffer.alloc(headerBytes + payloadBytes);
  packet[0] = family === 4 ? 8 : 128;
  packet.writeUInt16BE(sequence, 6);
  token.copy(packet, headerBytes, 0, tokenBytes);
  return packet;
}

/** Reads what a ping socket received (no IP header). Null if it is not an echo reply that could be ours. */
export function parseEchoReply(family: 4 | 6, packet: Buffer): EchoReply | null {
  if (packet.length < headerBytes + tokenBytes) return null;
  if (packet[0] !== (family === 4 ? 0 : 129) || packet[1] !== 0) return null;
  return {
    sequence: packet.readUInt16BE(6),
    token: packet.subarray(headerBytes, headerBytes + tokenBytes),
  };
}
