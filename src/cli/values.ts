import { type ParsedHost, parseHost } from '../resolve/host-name.ts';
import { parsePort } from '../wireguard/endpoint.ts';
import { parseInterfaceName } from '../wireguard/interface-name.ts';
import { parsePublicKey } from '../wireguard/key.ts';
import { UsageError } from './usage-error.ts';

/** Reads an interface name, or throws a `UsageError`. */
export function readInterfaceName(text: string): string {
  const parsed = parseInterfaceName(text);
  if (parsed.kind === 'ok') return parsed.name;
  throw new UsageError(`${quote(text)} is no interface name: ${parsed.reason}`);
}

/** Reads a peer's public key, or throws a `UsageError`. */
export function readPublicKey(text: string): string {
  const parsed = parsePublicKey(text);
  if (parsed.kind === 'ok') return parsed.key;
  throw new UsageError(`${quote(text)} is no public key: ${parsed.reason}`);
}

/** Reads a host name or a literal address, or throws a `UsageError`. */
export function readHost(text: string): Exclude<ParsedHost, { kind: 'invalid' }> {
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  const parsed = parseHost(bracketed ?? text);
  if (parsed.kind !== 'invalid') return parsed;
  throw new UsageError(`${quote(text)} is no host name and no address: ${parsed.reason}`);
}

/** Reads a UDP port, or throws a `UsageError`. */
export function readPort(text: string): number {
  const port = parsePort(text);
  if (port !== null) return port;
  throw new UsageError(`${quote(text)} is no UDP port: expected a number from 1 to 65535`);
}

/** Reads a time limit in seconds (`50` or `50s`) as milliseconds, or throws a `UsageError`. */
export function readTimeoutMs(text: string): number {
  const seconds = /^([0-9]{1,4}(?:\.[0-9]{1,3})?)s?$/.exec(text)?.[1];
  const timeoutMs = seconds === undefined ? Number.NaN : Number(seconds) * 1_000;
  if (timeoutMs >= minTimeoutMs && timeoutMs <= maxTimeoutMs) return timeoutMs;
  throw new UsageError(
    `${quote(text)} is no time limit: expected seconds from ${minTimeoutMs / 1_000} to ${maxTimeoutMs / 1_000}`,
  );
}

/** Below this nothing could be tried and put back. */
const minTimeoutMs = 3_000;
const maxTimeoutMs = 3_600_000;

/** On one line and of bearable length, whatever was typed. */
function quote(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return `"${printable.length > 80 ? `${printable.slice(0, 77)}...` : printable}"`;
}
