import { createHash } from 'node:crypto';
import { isKeyText } from '../dump.ts';
import { type Endpoint, formatEndpoint, parseEndpoint } from '../endpoint.ts';
import { parseInterfaceName } from '../interface-name.ts';
import { parsePublicKey } from '../key.ts';

/** Everything that is needed to put one peer back, and to know that it is still the same interface. */
export interface PeerRecord {
  readonly interface: string;
  /** The kernel's number of the interface: one that was deleted and made again has another. */
  readonly interfaceIndex: number;
  /** Of the running kernel, from /proc/sys/kernel/random/boot_id. */
  readonly bootId: string;
  /** When it was written: milliseconds since boot, suspends included. */
  readonly atBootMs: number;
  /** The peer's public key. */
  readonly peer: string;
  /** The proven one, which the peer has after the reset. */
  readonly endpoint: Endpoint;
  readonly allowedIps: readonly string[];
  /** 0 if off. */
  readonly persistentKeepaliveS: number;
  /** 44 base64 characters as bytes; null if the peer has none. */
  readonly presharedKey: Buffer | null;
}

const firstLine = 'wg-reach session reset, version 1';
const fieldNames = [
  'interface',
  'ifindex',
  'boot-id',
  'boot-ms',
  'peer',
  'endpoint',
  'allowed-ips',
  'persistent-keepalive',
] as const;
const secretName = Buffer.from('preshared-key ');
const noSecret = Buffer.from('-');
const checkName = 'sha256 ';
/** The newline, the name, 64 hexadecimal digits, a newline. */
const checkBytes = checkName.length + 64 + 1;

/**
 * The record as lines of text, in bytes since the key among them must be wiped: one field a line, and at the end a
 * checksum of all before.
 */
export function encodeRecord(record: PeerRecord): Buffer {
  const values = {
    interface: record.interface,
    ifindex: String(record.interfaceIndex),
    'boot-id': record.bootId,
    'boot-ms': String(record.atBootMs),
    peer: record.peer,
    endpoint: formatEndpoint(record.endpoint),
    'allowed-ips': record.allowedIps.join(','),
    'persistent-keepalive': String(record.persistentKeepaliveS),
  };
  const lines = [firstLine, ...fieldNames.map((name) => `${name} ${values[name]}`), ''];
  const body = Buffer.concat([
    Buffer.from(lines.join('\n')),
    secretName,
    record.presharedKey ?? noSecret,
    Buffer.from('\n'),
  ]);
  const encoded = Buffer.concat([body, Buffer.from(`${checkName}${digest(body)}\n`)]);
  body.fill(0);
  return encoded;
}

/** Reads such a text; null if it is damaged or anything else. The key is a copy, so that the bytes can be wiped. */
export function decodeRecord(bytes: Buffer): PeerRecord | null {
  const body = bytes.subarray(0, Math.max(0, bytes.length - checkBytes));
  if (bytes.subarray(body.length).toString('latin1') !== `${checkName}${digest(body)}\n`) return null;
  const secretAt = body.indexOf(secretName);
  if (secretAt === -1) return null;
  const secret = body.subarray(secretAt + secretName.length, body.length - 1);
  const hasSecret = !secret.equals(noSecret);
  if (hasSecret && !isKeyText(secret)) return null;
  const fields = parseFields(body.subarray(0, secretAt).toString('utf8'));
  return fields === null ? null : { ...fields, presharedKey: hasSecret ? Buffer.from(secret) : null };
}

function parseFields(text: string): Omit<PeerRecord, 'presharedKey'> | null {
  const [first, ...lines] = text.split('\n');
  if (first !== firstLine || lines.length !== fieldNames.length + 1) return null;
  const values = new Map(
    fieldNames.map((name, index) => {
      const line = lines[index] ?? '';
      return [name, line.startsWith(`${name} `) ? line.slice(name.length + 1) : null];
    }),
  );
  const fieldOf = (name: (typeof fieldNames)[number]): string => values.get(name) ?? '';
  const interfaceName = parseInterfaceName(fieldOf('interface'));
  const peer = parsePublicKey(fieldOf('peer'));
  const endpoint = parseEndpoint(fieldOf('endpoint'));
  const allowedIps = fieldOf('allowed-ips') === '' ? [] : fieldOf('allowed-ips').split(',');
  const numbers = [fieldOf('ifindex'), fieldOf('boot-ms'), fieldOf('persistent-keepalive')].map(parseNumber);
  const [interfaceIndex, atBootMs, persistentKeepaliveS] = numbers;
  if (interfaceName.kind === 'invalid' || peer.kind === 'invalid' || endpoint === null) return null;
  if (interfaceIndex === undefined || atBootMs === undefined || persistentKeepaliveS === undefined)
    return null;
  if (!allowedIps.every((prefix) => /^[0-9a-f.:]+\/[0-9]{1,3}$/.test(prefix))) return null;
  return {
    interface: interfaceName.name,
    interfaceIndex,
    bootId: fieldOf('boot-id'),
    atBootMs,
    peer: peer.key,
    endpoint,
    allowedIps,
    persistentKeepaliveS,
  };
}

function parseNumber(text: string): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
