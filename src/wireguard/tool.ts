import { runProgram } from '../host/program.ts';
import { readDevice } from './device.ts';
import { noSuchInterface, plainLine, type WgFailure, wgFailure } from './failure.ts';
import { parseInterfaceName } from './interface-name.ts';
import { parsePublicKey } from './key.ts';

/** Limits of one call of `wg`. */
export interface WgOptions {
  /** After this time `wg` is killed. A hung userspace process makes it wait for ever. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** What `wg` printed, or why it did not. */
export type WgOutput = { readonly kind: 'ok'; readonly stdout: string } | WgFailure;

/** 10 000 peers with a hundred allowed IPs each. */
const maxOutputBytes = 32 * 1024 * 1024;

/**
 * `wg show INTERFACE FIELD` for one field. Never `dump`, which carries the private key, and never `all`,
 * which lists userspace interfaces of other network namespaces.
 */
export function showField(interfaceName: string, field: WgField, options: WgOptions): Promise<WgOutput> {
  return runWg(interfaceName, 'read', ['show', interfaceName, field], options);
}

/** The fields of `wg show` that carry no secret. */
export type WgField =
  | 'allowed-ips'
  | 'endpoints'
  | 'fwmark'
  | 'latest-handshakes'
  | 'listen-port'
  | 'persistent-keepalive'
  | 'public-key'
  | 'transfer';

/** `wg set INTERFACE peer KEY …`. The caller has checked every argument. */
export function setPeer(
  interfaceName: string,
  key: string,
  args: readonly string[],
  options: WgOptions,
): Promise<WgOutput> {
  return runWg(interfaceName, 'change', ['set', interfaceName, 'peer', key, ...args], options);
}

/**
 * Null if the interface is in our own network namespace, else the failure to report.
 *
 * `wg` finds userspace interfaces by a socket in the file system, so it would gladly read and change one of
 * another network namespace. This must be asked before `wg` is.
 */
export async function absenceOf(interfaceName: string): Promise<WgFailure | null> {
  const name = parseInterfaceName(interfaceName);
  if (name.kind === 'invalid') {
    return {
      kind: 'no-such-interface',
      detail: `${plainLine(interfaceName)} is no interface: ${name.reason}`,
    };
  }
  const device = await readDevice(interfaceName);
  if (device.kind === 'present') return null;
  return device.kind === 'absent'
    ? noSuchInterface(interfaceName)
    : { kind: 'failed', detail: device.detail };
}

/**
 * Reads lines `KEY<tab>value<tab>…`, one a peer, into a map from key to values.
 * Returns a failure naming the first line that is something else.
 */
export function parsePeerTable(
  field: WgField,
  stdout: string,
): { readonly kind: 'ok'; readonly rows: ReadonlyMap<string, readonly string[]> } | WgFailure {
  const rows = new Map<string, readonly string[]>();
  for (const line of stdout.split('\n')) {
    if (line === '') continue;
    const [key = '', ...values] = line.split('\t');
    if (parsePublicKey(key).kind === 'invalid' || values.length === 0) return unexpected(field, line);
    rows.set(key, values);
  }
  return { kind: 'ok', rows };
}

/** The failure for output that this program does not understand. */
export function unexpected(field: WgField, text: string): WgFailure {
  return {
    kind: 'failed',
    detail: `'wg show' printed something unexpected for ${field}: "${plainLine(text)}"`,
  };
}

async function runWg(
  interfaceName: string,
  verb: 'read' | 'change',
  args: readonly string[],
  options: WgOptions,
): Promise<WgOutput> {
  const result = await runProgram('wg', args, { ...options, maxOutputBytes });
  if (result.kind === 'exited' && result.truncated) {
    return { kind: 'failed', detail: `'wg' printed more than ${maxOutputBytes} bytes` };
  }
  if (result.kind === 'exited' && result.code === 0) return { kind: 'ok', stdout: result.stdout };
  const device = await readDevice(interfaceName);
  return wgFailure(result, { interfaceName, verb, device, timeoutMs: options.timeoutMs });
}
