import { addressFamily, parseAddress } from './address.ts';

/** Where a peer's UDP packets go: a literal address in canonical spelling, and a port from 1 to 65535. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Reads a UDP port in decimal digits; null unless it is 1 to 65535. */
export function parsePort(text: string): number | null {
  if (!/^[0-9]{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : null;
}

/**
 * Splits `host:port` or `[host]:port` as `wg` does: without brackets the last colon counts, so that
 * `2001:db8::1:51820` is port 51820 of `2001:db8::1`. Neither part is checked; null if there are not two.
 */
export function splitHostPort(text: string): { readonly host: string; readonly port: string } | null {
  const bracketed = /^\[([^[\]]*)\]:(.+)$/.exec(text);
  const plain = bracketed ?? /^([^[\]]*):([^:]+)$/.exec(text);
  const host = plain?.[1];
  const port = plain?.[2];
  return host === undefined || port === undefined || host === '' ? null : { host, port };
}

/** Reads an endpoint with a literal address in any spelling; null if it is none. Never throws. */
export function parseEndpoint(text: string): Endpoint | null {
  const parts = splitHostPort(text);
  if (parts === null) return null;
  const address = parseAddress(parts.host);
  const port = parsePort(parts.port);
  if (address === null || port === null) return null;
  // `wg` has no brackets around IPv4.
  if (text.startsWith('[') && !parts.host.includes(':')) return null;
  return { address: address.address, port };
}

/** The text form that `wg` prints and accepts: `203.0.113.1:51820`, `[2001:db8::1]:51820`. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpointFamily(endpoint) === 6
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}

/** 4 or 6. */
export function endpointFamily(endpoint: Endpoint): 4 | 6 {
  return addressFamily(endpoint.address);
}

/**
 * Whether two endpoints are the same place. A zone that only one of them has is overlooked: wireguard-go
 * does not print the zone it was given.
 */
export function sameEndpoint(one: Endpoint, other: Endpoint): boolean {
  if (one.port !== other.port) return false;
  if (one.address === other.address) return true;
  const [address, zone] = one.address.split('%');
  const [otherAddress, otherZone] = other.address.split('%');
  return address === otherAddress && (zone === undefined || otherZone === undefined);
}
