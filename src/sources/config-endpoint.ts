import type { CandidateSource } from '../resolve/candidates.ts';
import { parseHost } from '../resolve/host-name.ts';
import { parsePort, splitHostPort } from '../wireguard/endpoint.ts';

/** One entry of `endpoints`. */
export type ConfigEndpoint =
  /** Whatever the peer's own file says, a name or a literal. */
  { readonly kind: 'file' } | ({ readonly kind: 'host' } & CandidateSource);

/** An entry of `endpoints`, or why it is none. `reason` is part of a sentence and does not repeat the text. */
export type ParsedConfigEndpoint = ConfigEndpoint | { readonly kind: 'invalid'; readonly reason: string };

/** What an entry may look like, for messages. */
export const endpointForms = '"file", "vpn.example:51820", "203.0.113.9:51820" or "[2001:db8::1]:51820"';

/**
 * Reads one entry of `endpoints`: `file`, `name:port`, `203.0.113.9:51820` or `[2001:db8::1]:51820`.
 *
 * Stricter than `wg`: an IPv6 address needs its brackets, since without them `2001:db8::1:51820` has two
 * meanings. Literal addresses are taken as written, whatever range they are in. Never throws.
 */
export function parseConfigEndpoint(text: string): ParsedConfigEndpoint {
  if (text === 'file') return { kind: 'file' };
  // A host may be named "srv"; a service's name is never a number.
  if (/^srv:(?![0-9]+$)/i.test(text)) {
    return invalid('asks for SRV records, which are not supported yet; list the names with their ports');
  }
  const parts = splitHostPort(text);
  if (parts === null) return invalid(reasonForNoPair(text));
  const isBracketed = text.startsWith('[');
  const isIpv6 = parts.host.includes(':');
  if (isIpv6 && !isBracketed) return invalid('needs brackets around the IPv6 address: "[2001:db8::1]:51820"');
  if (isBracketed && !isIpv6) return invalid('has brackets, which belong around IPv6 addresses only');
  const port = parsePort(parts.port);
  if (port === null) return invalid('has no port from 1 to 65535 at its end');
  const host = parseHost(parts.host);
  if (host.kind === 'invalid') return invalid(`has no usable host: ${host.reason}`);
  return { kind: 'host', host, port };
}

function reasonForNoPair(text: string): string {
  if (text === '') return 'is empty';
  if (parseHost(text.replace(/^\[(.*)\]$/, '$1')).kind !== 'invalid') {
    return 'has no port; write it behind a colon, as in "vpn.example:51820"';
  }
  return 'is not "host:port"';
}

function invalid(reason: string): ParsedConfigEndpoint {
  return { kind: 'invalid', reason };
}
