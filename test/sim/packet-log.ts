import type { Datagram } from '../../sim/network/datagram.ts';
import type { PacketFate } from '../../sim/network.ts';
import type { Tunnel } from '../../sim/tunnel.ts';

/** What a sniffer beside one of the ends would note. */
export interface LoggedPacket {
  readonly atMs: number;
  readonly fate: PacketFate;
  readonly from: 'client' | 'server';
  readonly kind: Datagram['payload']['kind'] | 'keepalive';
  readonly bytes: number;
  readonly destination: string;
}

/** Which packets to look at. */
export interface PacketFilter {
  readonly from?: 'client' | 'server';
  readonly kind?: LoggedPacket['kind'];
  /** Default `sent`. */
  readonly fate?: PacketFate;
  readonly sinceMs?: number;
}

/** Notes every packet of the two ends from now on; the function returned lists those that match. */
export function logPackets(tunnel: Tunnel): (filter?: PacketFilter) => readonly LoggedPacket[] {
  const log: LoggedPacket[] = [];
  tunnel.network.observe((fate, datagram, atMs) => {
    const { payload } = datagram;
    const from = tunnel.server.host.owns(datagram.source ?? '') ? 'server' : 'client';
    const kind = payload.kind === 'data' && payload.inner === null ? 'keepalive' : payload.kind;
    log.push({ atMs, fate, from, kind, bytes: datagram.payloadBytes, destination: datagram.destination });
  });
  return (filter = {}) =>
    log.filter(
      (packet) =>
        packet.fate === (filter.fate ?? 'sent') &&
        (filter.from === undefined || packet.from === filter.from) &&
        (filter.kind === undefined || packet.kind === filter.kind) &&
        packet.atMs >= (filter.sinceMs ?? 0),
    );
}
