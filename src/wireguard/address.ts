import { ipaddr } from '../host/ipaddr.ts';
import { parseInterfaceName } from './interface-name.ts';

/** One IP address in its only spelling. */
export interface ParsedAddress {
  /** `203.0.113.1`, `2001:db8::1`, or `fe80::1%eth0`: RFC 5952, and the zone only where one is needed. */
  readonly address: string;
  readonly family: 4 | 6;
  /** True if it was written as an IPv4-mapped IPv6 address; `address` is then the IPv4 one. */
  readonly mapped: boolean;
}

/** Longer than any address with a zone: refused before anything looks closer. */
const maxLength = 64;

/**
 * Reads an IPv4 or IPv6 address in any spelling; null if the text is none.
 *
 * IPv4 must be four decimal numbers: `127.1`, `0x7f000001` and octal digits are refused, since programs
 * disagree about them. An IPv4-mapped address becomes the IPv4 address: WireGuard sends from separate IPv4
 * and IPv6 sockets, and to it they are the same place. A zone is accepted on link-local addresses only.
 */
export function parseAddress(text: string): ParsedAddress | null {
  if (text.length > maxLength) return null;
  if (!text.includes(':')) {
    return ipaddr.IPv4.isValidFourPartDecimal(text) ? { address: text, family: 4, mapped: false } : null;
  }
  const percent = text.indexOf('%');
  const zone = percent === -1 ? null : text.slice(percent + 1);
  const parsed = parseIPv6(percent === -1 ? text : text.slice(0, percent));
  if (parsed === null) return null;
  if (parsed.isIPv4MappedAddress()) {
    return zone === null ? { address: parsed.toIPv4Address().toString(), family: 4, mapped: true } : null;
  }
  if (zone === null) return { address: parsed.toRFC5952String(), family: 6, mapped: false };
  if (parsed.range() !== 'linkLocal' || !isZone(zone)) return null;
  return { address: `${parsed.toRFC5952String()}%${zone}`, family: 6, mapped: false };
}

/** The family of an address that `parseAddress` accepted. */
export function addressFamily(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

function parseIPv6(text: string) {
  if (!/^[0-9A-Fa-f:.]+$/.test(text)) return null;
  const tail = text.slice(text.lastIndexOf(':') + 1);
  // The library reads octal and hexadecimal numbers in an embedded IPv4 address; nobody else does.
  if (tail.includes('.') && !ipaddr.IPv4.isValidFourPartDecimal(tail)) return null;
  return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : null;
}

function isZone(zone: string): boolean {
  return parseInterfaceName(zone).kind === 'ok' && !/[%[\]]/.test(zone);
}
