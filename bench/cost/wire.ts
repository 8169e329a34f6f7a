import type { Lab } from '../../lab/index.ts';
import type { CountRule } from '../counters.ts';
import { startCounters } from '../counters.ts';

/** What the client's uplink has carried, in both directions: bytes of IP packets, header included. */
export interface WireBytes {
  /** Tunnel, pings and name look-ups; no neighbour discovery. */
  readonly all: number;
  /** Of these, WireGuard's own empty packets: persistent and passive keepalives. */
  readonly keepalives: number;
  /** Of these, WireGuard's handshakes. */
  readonly handshakes: number;
}

/** Length of the UDP datagram, header included: 8 bytes, and 32 of an empty transport packet. */
const keepaliveLength = 40;
/** The same of an initiation (148 bytes) and of a response (92 bytes). */
const handshakeLengths = '{ 156, 100 }';

/** Counts what the client's uplink carries from now on. Returns what reads the counters; null if they are gone. */
export async function startWireCounter(lab: Lab): Promise<() => Promise<WireBytes | null>> {
  const both = (counter: string, match: (side: 'sport' | 'dport') => string): readonly CountRule[] => [
    { counter, direction: 'in', match: `iifname "eth0" ${match('sport')}` },
    { counter, direction: 'out', match: `oifname "eth0" ${match('dport')}` },
  ];
  const server = (side: 'sport' | 'dport') => `udp ${side} ${lab.port}`;
  const count = await startCounters(lab, [
    ...both('keepalives', (side) => `${server(side)} udp length ${keepaliveLength}`),
    ...both('handshakes', (side) => `${server(side)} udp length ${handshakeLengths}`),
    ...both('wire', () => ''),
  ]);
  return async () => {
    const [all, keepalives, handshakes] = await Promise.all(['wire', 'keepalives', 'handshakes'].map(count));
    if (!all || !keepalives || !handshakes) return null;
    return { all: all.bytes, keepalives: keepalives.bytes, handshakes: handshakes.bytes };
  };
}
