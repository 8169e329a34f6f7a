import { readdirSync, readFileSync } from 'node:fs';
import type { Lab, Namespace } from '../lab/index.ts';

/** Addresses of a host that answers pings but is no WireGuard peer. */
export const wrong4 = '198.51.100.66';
export const wrong6 = '2001:db8:66::66';
/** The name that the labs' DNS server is asked for. */
export const hostName = 'vpn.example.test';

/** What a series of pings gave. */
export interface Pings {
  readonly output: string;
  readonly rttsMs: readonly number[];
  readonly answered: readonly number[];
}

/** Pings an address; waits at most a second for the last answer. */
export async function ping(from: Namespace, address: string, count = 1, intervalMs = 20): Promise<Pings> {
  const flags = ['-n', '-c', String(count), '-i', String(intervalMs / 1000), '-W', '1'];
  const { stdout } = await from.exec(['ping', ...flags, address], { timeoutMs: 60_000 });
  const replies = [...stdout.matchAll(/icmp_seq=(\d+) ttl=\d+ time=([\d.]+) ms/g)];
  return {
    output: stdout,
    rttsMs: replies.map((reply) => Number(reply[2])),
    answered: replies.map((reply) => Number(reply[1])),
  };
}

/** Whether one ping is answered within a second. */
export async function answers(from: Namespace, address: string): Promise<boolean> {
  return (await ping(from, address)).answered.length > 0;
}

/** The middle value (the upper of two); NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function addressesIn(text: string): Set<string> {
  return new Set(text.split('\n').flatMap((line) => line.split(/\s/)[0] || []));
}

/** Asks the system's resolver in the client's namespace; `code` is that of `getent`, 2 for a name without addresses. */
export async function lookUp(lab: Lab, name: string) {
  const result = await lab.client.exec(['getent', 'ahosts', name]);
  return { found: addressesIn(result.stdout), code: result.code, ms: result.ms };
}

/** Everything on this machine that bears a lab's name. */
export function tracesOf(id: string): string[] {
  const places = ['/run/netns', '/etc/netns', '/run/wireguard', '/run/wg-reach-lab'];
  return places.flatMap((place) => {
    try {
      return readdirSync(place)
        .filter((name) => name.startsWith(id))
        .map((name) => `${place}/${name}`);
    } catch {
      return [];
    }
  });
}

/** Processes that have the lab's name in their command line: wireguard-go, dnsmasq. */
export function processesOf(id: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => read(`/proc/${pid}/cmdline`).includes(id));
}

/** A file's text, empty if it cannot be read. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
