import type { Random } from '../random.ts';
import type { Datagram } from './datagram.ts';

/** A port-translating NAT that lets in only answers to what went out. */
export interface Nat {
  readonly publicAddress: string;
  /** Rewrites a packet on its way out. */
  translateOut(datagram: Datagram, nowMs: number): void;
  /** Rewrites a packet on its way in; false if nobody inside asked for it, and it is dropped. */
  translateIn(datagram: Datagram, nowMs: number): boolean;
  /** Forgets every flow, as on a reboot: answers on the way are lost, and the next packet out gets another port. */
  rebind(): void;
}

interface Flow {
  readonly source: string;
  readonly sourcePort: number;
  readonly publicPort: number;
  readonly outside: string;
  usedAtMs: number;
}

/**
 * Makes a NAT. `idleMs`: how long a silent flow is kept (RFC 4787 asks for two minutes, many home routers give
 * thirty seconds). ICMP echo passes by its identifier, which stands in the port fields.
 */
export function createNat(options: {
  readonly publicAddress: string;
  readonly idleMs: number;
  readonly random: Random;
}): Nat {
  const { publicAddress, idleMs, random } = options;
  const byInside = new Map<string, Flow>();
  const byPublic = new Map<string, Flow>();

  // An ICMP error belongs to the UDP flow it is about.
  const protocolOf = (datagram: Datagram): string =>
    datagram.payload.kind === 'port-unreachable' ? 'udp' : datagram.protocol;
  const outsideOf = (protocol: string, address: string, port: number): string =>
    `${protocol} ${address} ${port}`;
  const publicKey = (port: number, outside: string): string => `${port} ${outside}`;

  return {
    publicAddress,
    translateOut(datagram, nowMs) {
      const source = datagram.source ?? '';
      const outside = outsideOf(protocolOf(datagram), datagram.destination, datagram.destinationPort);
      const key = `${source} ${datagram.sourcePort} ${outside}`;
      let flow = byInside.get(key);
      if (!flow || nowMs - flow.usedAtMs > idleMs) {
        if (flow) byPublic.delete(publicKey(flow.publicPort, outside));
        let publicPort = 0;
        do publicPort = 1024 + random.integer(64_512);
        while (byPublic.has(publicKey(publicPort, outside)));
        flow = { source, sourcePort: datagram.sourcePort, publicPort, outside, usedAtMs: nowMs };
        byInside.set(key, flow);
        byPublic.set(publicKey(publicPort, outside), flow);
      }
      flow.usedAtMs = nowMs;
      datagram.source = publicAddress;
      datagram.sourcePort = flow.publicPort;
    },
    translateIn(datagram, nowMs) {
      const outside = outsideOf(protocolOf(datagram), datagram.source ?? '', datagram.sourcePort);
      const flow = byPublic.get(publicKey(datagram.destinationPort, outside));
      if (!flow || nowMs - flow.usedAtMs > idleMs) return false;
      flow.usedAtMs = nowMs;
      datagram.destination = flow.source;
      datagram.destinationPort = flow.sourcePort;
      return true;
    },
    rebind() {
      byInside.clear();
      byPublic.clear();
    },
  };
}
