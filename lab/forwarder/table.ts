import type { Direction, WireRule, WireTable } from './protocol.ts';

/** The verdict for a packet that is not to be delivered. */
export const dropped = -1;

const extensionHeaders = new Set([0, 43, 60]);
const fragmentHeader = 44;

/**
 * Decides what happens to one IP packet.
 * Returns `dropped`, or the delay in milliseconds (0 or more) after which the packet goes on.
 * `random` returns numbers in [0, 1) and is only called where loss or jitter is asked for.
 */
export function decide(table: WireTable, packet: Buffer, direction: Direction, random: () => number): number {
  const rule = table.rules.find((each) => matches(each, packet, direction));
  if (rule?.drop) return dropped;
  if (rule && rule.lossPercent > 0 && random() * 100 < rule.lossPercent) return dropped;
  const delayMs = rule?.delayMs ?? table.delayMs;
  const jitterMs = rule?.jitterMs ?? table.jitterMs;
  if (jitterMs === 0) return delayMs;
  return Math.max(0, delayMs + (random() * 2 - 1) * jitterMs);
}

function matches(rule: WireRule, packet: Buffer, direction: Direction): boolean {
  const family = packet.readUInt8(0) >> 4;
  if (rule.direction !== null && rule.direction !== direction) return false;
  if (rule.family !== null && rule.family !== family) return false;
  if (rule.largerThanBytes !== null && packet.length <= rule.largerThanBytes) return false;
  if (rule.prefix !== null) {
    const bytes = family === 4 ? 4 : 16;
    const source = family === 4 ? 12 : 8;
    if (rule.prefix.bytes.length !== bytes) return false;
    if (!startsWith(packet, source, rule.prefix) && !startsWith(packet, source + bytes, rule.prefix))
      return false;
  }
  if (rule.protocols === null && rule.port === null) return true;
  const payload = family === 4 ? payloadOf4(packet) : payloadOf6(packet);
  if (rule.protocols !== null && !rule.protocols.includes(payload.protocol)) return false;
  return rule.port === null || hasPort(packet, payload, rule.port);
}

function startsWith(packet: Buffer, offset: number, prefix: NonNullable<WireRule['prefix']>): boolean {
  for (let bit = 0; bit < prefix.bits; bit += 8) {
    const index = bit >> 3;
    const mask = prefix.bits - bit >= 8 ? 0xff : (0xff << (8 - (prefix.bits - bit))) & 0xff;
    if (((packet.readUInt8(offset + index) ^ (prefix.bytes[index] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

interface Payload {
  readonly protocol: number;
  /** Where the transport header starts; null in a later fragment, which has none. */
  readonly offset: number | null;
}

function payloadOf4(packet: Buffer): Payload {
  const laterFragment = (packet.readUInt16BE(6) & 0x1fff) !== 0;
  return { protocol: packet.readUInt8(9), offset: laterFragment ? null : (packet.readUInt8(0) & 15) * 4 };
}

function payloadOf6(packet: Buffer): Payload {
  let protocol = packet.readUInt8(6);
  let offset = 40;
  while (offset + 8 <= packet.length) {
    if (protocol === fragmentHeader) {
      const laterFragment = (packet.readUInt16BE(offset + 2) & 0xfff8) !== 0;
      protocol = packet.readUInt8(offset);
      if (laterFragment) return { protocol, offset: null };
      offset += 8;
    } else if (extensionHeaders.has(protocol)) {
      protocol = packet.readUInt8(offset);
      offset += 8 * (packet.readUInt8(offset + 1) + 1);
    } else {
      return { protocol, offset };
    }
  }
  return { protocol, offset: null };
}

const protocolsWithPorts = new Set([6, 17]);

function hasPort(packet: Buffer, payload: Payload, port: number): boolean {
  const { protocol, offset } = payload;
  if (offset === null || !protocolsWithPorts.has(protocol) || offset + 4 > packet.length) return false;
  return packet.readUInt16BE(offset) === port || packet.readUInt16BE(offset + 2) === port;
}
