import { parseAddress } from '../wireguard/address.ts';

/** What a person wrote as a host: a name to resolve, a literal address, or neither. */
export type ParsedHost =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'address'; readonly address: string; readonly family: 4 | 6 }
  | { readonly kind: 'invalid'; readonly reason: string };

/** RFC 1035: 255 bytes on the wire are 253 characters. */
const maxNameLength = 253;
const maxLabelLength = 63;

/**
 * Checks a host by RFC 1123 (letters, digits, hyphens, dots), plus the underscore that real zones use. A
 * closing dot is allowed and kept. Names keep their spelling; addresses become canonical.
 */
export function parseHost(text: string): ParsedHost {
  const address = parseAddress(text);
  if (address !== null) return { kind: 'address', address: address.address, family: address.family };
  const reason = reasonAgainst(text);
  return reason === null ? { kind: 'name', name: text } : { kind: 'invalid', reason };
}

function reasonAgainst(text: string): string | null {
  if (text.trim() === '') return 'it is empty';
  if (text.startsWith('-')) return "it starts with '-'";
  if (text.includes(':')) return 'it is neither a host name nor an IPv6 address';
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name.length > maxNameLength) return `it has ${name.length} characters; a host name has at most 253`;
  if (!/^[A-Za-z0-9._-]*$/.test(name)) {
    return 'a host name has only letters, digits, hyphens, underscores and dots';
  }
  const labels = name.split('.');
  if (labels.some((label) => label === '')) return 'it has an empty part between dots';
  if (labels.some((label) => label.length > maxLabelLength)) return 'a part between dots is longer than 63';
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-'))) {
    return 'a part between dots starts or ends with a hyphen';
  }
  // The resolver reads "10.1" and "0x7f000001" as addresses, by rules nobody expects.
  if (/^([0-9]+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '')) {
    return 'its last part is a number, but it is not an IPv4 address';
  }
  return null;
}
