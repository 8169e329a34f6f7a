import type { DnsRecords, LabOptions, PathRule } from '../lab/index.ts';

/** A situation in which the commands are compared: a lab, and what is broken in it before each run. */
export interface Situation {
  /** For `--only`. */
  readonly name: string;
  /** One line for a person. */
  readonly title: string;
  readonly lab: LabOptions;
  readonly records: DnsRecords;
  /** The server whose endpoint is set, with a live session over it, before each run. */
  readonly startsAt: string;
  /** The path from just before each run on. */
  readonly faults: readonly PathRule[];
  /** The server drops echo requests from outside the tunnel. */
  readonly dropsEcho: boolean;
  /** The server whose endpoint is right after a run. */
  readonly rightEndpoint: string;
}

/** One way: a round trip of 20 ms, as to a data centre in the same country. */
const delayMs = 10;
const v6 = '2001:db8:1::1';
const v4 = '203.0.113.1';
const dualStack = {
  lab: {
    delayMs,
    servers: [
      { name: 'v6', address: v6 },
      { name: 'v4', address: v4 },
    ],
  },
  records: { AAAA: [v6], A: [v4] },
  startsAt: 'v6',
};
const three = ['203.0.113.1', '203.0.113.2', '203.0.113.3'] as const;

/** What a run each minute from cron meets, and what it is there for. */
export const oneShotSituations: readonly Situation[] = [
  {
    ...dualStack,
    name: 'healthy',
    title: 'Healthy dual stack: IPv6 and IPv4 work, the tunnel uses IPv6',
    faults: [],
    dropsEcho: false,
    rightEndpoint: 'v6',
  },
  {
    ...dualStack,
    name: 'ipv6-broken',
    title: 'IPv6 black-holed beyond the first hop, under a live tunnel',
    faults: [{ family: 6, drop: true }],
    dropsEcho: false,
    rightEndpoint: 'v4',
  },
  {
    name: 'third-of-three',
    title: 'Three A records, of which only the third works, under a live tunnel over the first',
    lab: { delayMs, servers: three.map((address, index) => ({ name: `a${index + 1}`, address })) },
    records: { A: three },
    startsAt: 'a1',
    faults: three.slice(0, 2).map((address) => ({ address, drop: true })),
    dropsEcho: false,
    rightEndpoint: 'a3',
  },
  {
    ...dualStack,
    name: 'ping-dropped',
    title: 'IPv6 black-holed, and the server drops ICMP echo, as many firewalls do',
    faults: [{ family: 6, drop: true }],
    dropsEcho: true,
    rightEndpoint: 'v4',
  },
];
