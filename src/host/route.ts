import { isIPv6 } from 'node:net';
import { atMost } from './at-most.ts';
import { runProgram } from './program.ts';

/** What a packet would be like whose route is asked for. */
export interface RouteQuestion {
  /** The interface's fwmark; 0 or absent is none. */
  readonly mark?: number;
  /** Destination UDP port, for rules that look at it. */
  readonly udpPort?: number;
  /** Source UDP port (the interface's listen port), likewise. */
  readonly udpSourcePort?: number;
  /**
   * The device the socket is bound to. The kernel then invents an on-link IPv4 route where it has none,
   * as it does for a bound socket.
   */
  readonly device?: string;
  readonly timeoutMs: number;
}

/** The kernel's answer. `no-route`: a packet would be refused here, on this host. `failed`: nothing is known. */
export type Route =
  | {
      readonly kind: 'ok';
      readonly device: string;
      /** The source address the kernel would choose; null if it does not name one. */
      readonly source: string | null;
      /** Next hop; null if the address is on the link or our own. May be IPv6 for an IPv4 address. */
      readonly gateway: string | null;
      /** `unicast`, `local` (one of our own addresses), `broadcast`, `multicast`, `anycast`. */
      readonly type: string;
    }
  | { readonly kind: 'no-route'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string };

/** Each is a process of a few milliseconds; a thousand peers at once would be a thousand. */
const together = atMost(16);

/** Asks the kernel which way a packet to `address` (an IP literal, zone allowed) would go. Sends nothing. */
export async function routeTo(address: string, question: RouteQuestion): Promise<Route> {
  const [bare = '', zone] = address.split('%', 2);
  // `ip` does not take a zone; the device says the same.
  const device = question.device ?? zone;
  const args = ['-j', isIPv6(bare) ? '-6' : '-4', 'route', 'get', bare];
  if (question.mark !== undefined && question.mark !== 0) args.push('mark', String(question.mark));
  if (device !== undefined) args.push('oif', device);
  if (question.udpPort !== undefined || question.udpSourcePort !== undefined) args.push('ipproto', 'udp');
  if (question.udpPort !== undefined) args.push('dport', String(question.udpPort));
  if (question.udpSourcePort !== undefined) args.push('sport', String(question.udpSourcePort));

  const result = await together(() => runProgram('ip', args, { timeoutMs: question.timeoutMs }));
  switch (result.kind) {
    case 'exited':
      return parseRoute(result.code, result.stdout, result.stderr);
    case 'missing':
      return { kind: 'failed', detail: 'the program "ip" is missing: install the package iproute2' };
    case 'timed-out':
      return { kind: 'failed', detail: `"ip route get" did not end within ${question.timeoutMs} ms` };
    case 'killed':
      return { kind: 'failed', detail: `"ip route get" was killed by ${result.signal}` };
    case 'failed':
      return { kind: 'failed', detail: `"ip route get" could not be started: ${result.detail}` };
  }
}

/**
 * What iproute2 6.1 prints when a packet would be refused here. For a route of type unreachable, prohibit,
 * blackhole or throw it prints the kernel's error for it, not the route.
 */
const refusals: readonly (readonly [RegExp, string])[] = [
  [/Network is unreachable/, 'no route to this network'],
  [/No route to host/, 'a route of type unreachable'],
  [/Permission denied/, 'a route of type prohibit'],
  [/Invalid argument/, 'a route of type blackhole'],
  [/Cannot find device/, 'the device does not exist'],
  [/Network is down/, 'the device is down'],
];

/** Reads what `ip -j route get` left. Any bytes are accepted; what is not understood is `failed`. */
export function parseRoute(code: number, stdout: string, stderr: string): Route {
  if (code !== 0) {
    const said = firstLine(stderr) || firstLine(stdout);
    const refusal = refusals.find(([pattern]) => pattern.test(said));
    if (refusal) return { kind: 'no-route', detail: `${refusal[1]} (${said})` };
    return { kind: 'failed', detail: said || `"ip route get" ended with code ${code}` };
  }
  const route = firstObject(stdout);
  const device = textOf(route?.dev);
  const type = textOf(route?.type) ?? 'unicast';
  // Kernels before 4.13 give such a route back for IPv6 instead of an error.
  if (['unreachable', 'blackhole', 'prohibit', 'throw'].includes(type)) {
    return { kind: 'no-route', detail: `a route of type ${type}` };
  }
  if (!route || device === null) {
    return { kind: 'failed', detail: `"ip route get" printed what is not understood: ${firstLine(stdout)}` };
  }
  const via = route.via as { host?: unknown } | null | undefined;
  return {
    kind: 'ok',
    device,
    source: textOf(route.prefsrc),
    gateway: textOf(route.gateway) ?? textOf(via?.host),
    type,
  };
}

function firstObject(json: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(json);
    const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
    return typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Bounded, since it ends up in messages. */
function firstLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').slice(0, 200);
}
