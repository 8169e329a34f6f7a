import { readDevice } from './device.ts';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import type { WgFailure } from './failure.ts';
import { absenceOf, parsePeerTable, showField, unexpected, type WgOptions } from './tool.ts';

/** What moves while a tunnel lives: one peer's endpoint and counters. */
export interface PeerCounters {
  /** Null if the peer has none, or one that is no literal endpoint. */
  readonly endpoint: Endpoint | null;
  /** Bytes of authenticated packets. Back to 0 when the peer is removed and added again. */
  readonly rxBytes: number;
  readonly txBytes: number;
  /** Seconds since 1970 by the wall clock; 0 if there never was a handshake. */
  readonly latestHandshakeS: number;
}

/** The counters of an interface and of all its peers. */
export interface InterfaceCounters {
  readonly kind: 'ok';
  /** By public key. */
  readonly peers: ReadonlyMap<string, PeerCounters>;
  /** Answers that were authenticated but refused; null if the kernel does not say. See `Device`. */
  readonly rxFrameErrors: number | null;
}

/**
 * Reads endpoints and counters of all peers of an interface of our own network namespace, with three calls
 * of `wg` at once. When it was taken is for the caller to note.
 *
 * The calls do not see one instant: a peer that was removed or added between them is left out.
 */
export async function readCounters(
  interfaceName: string,
  options: WgOptions,
): Promise<InterfaceCounters | WgFailure> {
  const absence = await absenceOf(interfaceName);
  if (absence !== null) return absence;
  const [endpoints, transfer, handshakes, device] = await Promise.all([
    showField(interfaceName, 'endpoints', options),
    showField(interfaceName, 'transfer', options),
    showField(interfaceName, 'latest-handshakes', options),
    readDevice(interfaceName),
  ]);
  if (endpoints.kind !== 'ok') return endpoints;
  if (transfer.kind !== 'ok') return transfer;
  if (handshakes.kind !== 'ok') return handshakes;
  const parsed = parseCounters(endpoints.stdout, transfer.stdout, handshakes.stdout);
  if (parsed.kind !== 'ok') return parsed;
  return {
    kind: 'ok',
    peers: parsed.peers,
    rxFrameErrors: device.kind === 'present' ? device.rxFrameErrors : null,
  };
}

/** Puts the outputs for `endpoints`, `transfer` and `latest-handshakes` together, by key. */
export function parseCounters(
  endpointsOutput: string,
  transferOutput: string,
  handshakesOutput: string,
): { readonly kind: 'ok'; readonly peers: ReadonlyMap<string, PeerCounters> } | WgFailure {
  const endpoints = parsePeerTable('endpoints', endpointsOutput);
  if (endpoints.kind !== 'ok') return endpoints;
  const transfer = parsePeerTable('transfer', transferOutput);
  if (transfer.kind !== 'ok') return transfer;
  const handshakes = parsePeerTable('latest-handshakes', handshakesOutput);
  if (handshakes.kind !== 'ok') return handshakes;

  const peers = new Map<string, PeerCounters>();
  for (const [key, [endpointText = '']] of endpoints.rows) {
    const bytes = transfer.rows.get(key);
    const handshake = handshakes.rows.get(key);
    if (bytes === undefined || handshake === undefined) continue;
    const endpoint = endpointText === '(none)' ? null : parseEndpoint(endpointText);
    if (endpoint === null && endpointText !== '(none)' && !isOddEndpoint(endpointText)) {
      return unexpected('endpoints', endpointText);
    }
    const rxBytes = parseCount(bytes[0]);
    const txBytes = parseCount(bytes[1]);
    if (rxBytes === null || txBytes === null) return unexpected('transfer', bytes.join(' '));
    const latestHandshakeS = parseCount(handshake[0]);
    if (latestHandshakeS === null) return unexpected('latest-handshakes', handshake.join(' '));
    peers.set(key, { endpoint, rxBytes, txBytes, latestHandshakeS });
  }
  return { kind: 'ok', peers };
}

/** Port 0 and zones on addresses that need none can be set by hand; one such peer must not hide the others. */
function isOddEndpoint(text: string): boolean {
  return /^(\[[0-9a-f:.]+(%[^\s\]]+)?\]|[0-9.]+):[0-9]{1,5}$/i.test(text);
}

/** 64-bit counters pass 2^53 only after nine petabytes; from there on the last digits are rounded. */
function parseCount(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]{1,20}$/.test(text) ? Number(text) : null;
}
