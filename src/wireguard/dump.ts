import { runProgramBytes } from '../host/program.ts';
import type { PeerCounters } from './counters.ts';
import { readDevice } from './device.ts';
import { parseEndpoint } from './endpoint.ts';
import { parseNumberOrOff } from './facts.ts';
import { type WgFailure, wgFailure } from './failure.ts';
import { parsePublicKey } from './key.ts';
import { absenceOf, type WgOptions } from './tool.ts';

/** Everything that `wg` says about one peer, from one reading. */
export interface DumpedPeer extends PeerCounters {
  /** The 44 base64 characters as bytes, a part of the dump's own memory: copy what must outlive `wipe`. Null if none. */
  readonly presharedKey: Buffer | null;
  /** Masked, in the order `wg` prints. */
  readonly allowedIps: readonly string[];
  /** 0 if off. */
  readonly persistentKeepaliveS: number;
}

/** An interface and its peers as they were at one moment, secrets included. */
export interface Dump {
  readonly kind: 'ok';
  /** As `presharedKey` of a peer. Null if the interface has none. */
  readonly privateKey: Buffer | null;
  /** By public key. */
  readonly peers: ReadonlyMap<string, DumpedPeer>;
  /** Overwrites all keys. Whoever asked for the dump calls it as soon as they are not needed any more. */
  wipe(): void;
}

/** As for `wg show`: 10 000 peers with a hundred allowed IPs each. */
const maxOutputBytes = 32 * 1024 * 1024;
/** A private or preshared key, checked as bytes: no copy of it may become a text, which cannot be wiped. */
const keyBytes = 44;
const none = Buffer.from('(none)');

/**
 * Reads an interface of our own network namespace with `wg show INTERFACE dump`. It carries the private key, so it is
 * for those only who need a secret, and only when they do. A failure never repeats what was printed.
 */
export async function readDump(interfaceName: string, options: WgOptions): Promise<Dump | WgFailure> {
  const absence = await absenceOf(interfaceName);
  if (absence !== null) return absence;
  const result = await runProgramBytes('wg', ['show', interfaceName, 'dump'], { ...options, maxOutputBytes });
  if (result.kind === 'exited' && result.code === 0 && !result.truncated) {
    return parseDump(result.stdout) ?? unexpected(result.stdout);
  }
  if (result.kind === 'exited') result.stdout.fill(0);
  if (result.kind === 'exited' && result.code === 0) {
    return { kind: 'failed', detail: `'wg' printed more than ${maxOutputBytes} bytes` };
  }
  const device = await readDevice(interfaceName);
  const failed = result.kind === 'exited' ? { ...result, stdout: '' } : result;
  return wgFailure(failed, { interfaceName, verb: 'read', device, timeoutMs: options.timeoutMs });
}

/** Reads what `wg show INTERFACE dump` printed; the dump keeps these bytes. Null if it is something else. */
export function parseDump(output: Buffer): Dump | null {
  const [head, ...lines] = split(output, 0x0a).map((line) => split(line, 0x09));
  const privateKey = head?.length === 4 && head[0] !== undefined ? parseSecret(head[0]) : undefined;
  if (privateKey === undefined) return null;
  const peers = new Map<string, DumpedPeer>();
  for (const fields of lines) {
    if (fields.length === 1 && fields[0]?.length === 0) continue;
    const peer = parsePeer(fields);
    if (peer === null) return null;
    peers.set(peer.publicKey, peer.dumped);
  }
  return { kind: 'ok', privateKey, peers, wipe: () => void output.fill(0) };
}

function parsePeer(fields: readonly Buffer[]) {
  const [key, secret, ...rest] = fields;
  if (key === undefined || secret === undefined || rest.length !== 6) return null;
  const [endpointText = '', allowed = '', handshake = '', rx = '', tx = '', keepalive = ''] = rest.map(
    (field) => field.toString('latin1'),
  );
  const publicKey = parsePublicKey(key.toString('latin1'));
  const presharedKey = parseSecret(secret);
  const [latestHandshakeS, rxBytes, txBytes] = [handshake, rx, tx].map(parseCount);
  const persistentKeepaliveS = parseNumberOrOff(keepalive);
  if (publicKey.kind === 'invalid' || presharedKey === undefined || persistentKeepaliveS === null)
    return null;
  if (latestHandshakeS === undefined || rxBytes === undefined || txBytes === undefined) return null;
  const allowedIps = allowed === '(none)' ? [] : allowed.split(',');
  if (!allowedIps.every((prefix) => /^[0-9a-f.:]+\/[0-9]{1,3}$/.test(prefix))) return null;
  const endpoint = parseEndpoint(endpointText);
  const dumped = {
    presharedKey,
    endpoint,
    allowedIps,
    latestHandshakeS,
    rxBytes,
    txBytes,
    persistentKeepaliveS,
  };
  return { publicKey: publicKey.key, dumped };
}

/** Null for `(none)`, undefined for what is no key. */
function parseSecret(field: Buffer): Buffer | null | undefined {
  if (field.equals(none)) return null;
  return isKeyText(field) ? field : undefined;
}

/** Whether these bytes are a key as `wg` prints it: 43 base64 digits and a `=`. */
export function isKeyText(bytes: Uint8Array): boolean {
  if (bytes.length !== keyBytes || bytes[keyBytes - 1] !== 0x3d) return false;
  return bytes.subarray(0, keyBytes - 1).every((byte) => digitOf(byte) !== null);
}

/**
 * The 32 bytes of a key for which `isKeyText` holds, in memory of their own. By hand, since Node decodes base64 from
 * texts only.
 */
export function decodeKeyText(text: Uint8Array): Buffer {
  // Not from Node's pool of small buffers, where neighbours could be read by mistake.
  const key = Buffer.alloc(32);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const byte of text.subarray(0, keyBytes - 1)) {
    bits = ((bits << 6) | (digitOf(byte) ?? 0)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    key[at] = (bits >> held) & 0xff;
    at += 1;
  }
  return key;
}

function digitOf(byte: number): number | null {
  if (byte >= 0x41 && byte <= 0x5a) return byte - 0x41;
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x61 + 26;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30 + 52;
  if (byte === 0x2b) return 62;
  return byte === 0x2f ? 63 : null;
}

function parseCount(text: string): number | undefined {
  return /^[0-9]{1,20}$/.test(text) ? Number(text) : undefined;
}

/** The parts between separators, without copying. */
function split(bytes: Buffer, separator: number): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(separator); end !== -1; end = bytes.indexOf(separator, start)) {
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  parts.push(bytes.subarray(start));
  return parts;
}

function unexpected(output: Buffer): WgFailure {
  output.fill(0);
  return { kind: 'failed', detail: "'wg show … dump' printed something unexpected" };
}
