/** Bytes of an IPv4 header without options, which is what an echo request has. */
const headerBytes = 20;
const icmp = 1;
const echoRequest = 8;

/**
 * The answer to an ICMP echo request over IPv4 to `own`, both as whole IP packets; null for anything else. Padding
 * behind the packet, which WireGuard adds, is left out.
 */
export function answerInnerEcho(packet: Buffer, own: Buffer): Buffer | null {
  if (packet.length < headerBytes + 8 || packet[0] !== 0x45 || packet[9] !== icmp) return null;
  if (packet[headerBytes] !== echoRequest || !packet.subarray(16, 20).equals(own)) return null;
  const length = packet.readUInt16BE(2);
  if (length < headerBytes + 8 || length > packet.length) return null;
  const answer = Buffer.from(packet.subarray(0, length));
  // The header's checksum stays right: the same words are added in another order.
  packet.copy(answer, 12, 16, 20);
  packet.copy(answer, 16, 12, 16);
  answer[headerBytes] = 0;
  // RFC 1624: the type was 8 and is 0, so the ones' complement sum is less by 0x0800.
  const sum = packet.readUInt16BE(headerBytes + 2) + (echoRequest << 8);
  answer.writeUInt16BE((sum & 0xffff) + (sum >>> 16), headerBytes + 2);
  return answer;
}
