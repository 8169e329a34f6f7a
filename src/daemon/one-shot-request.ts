import type { ProbeMode } from '../oneshot/request.ts';
import { parseHost } from '../resolve/host-name.ts';
import { parsePort } from '../wireguard/endpoint.ts';
import { parsePublicKey } from '../wireguard/key.ts';

/** A one-shot for peers that the daemon does not watch, on an interface that it keeps. */
export interface OneShotRequest {
  /** The asking program's: what comes back is in the form of that version, and the daemon's must be the same. */
  readonly version: string;
  readonly probe: ProbeMode;
  /** All must be over after this time. */
  readonly timeoutMs: number;
  readonly peers: readonly OneShotPeer[];
}

/** One peer and where it may be. */
export interface OneShotPeer {
  readonly publicKey: string;
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/** What a request of 64 KiB may hold, about. */
const maxPeers = 500;
const maxTimeoutMs = 3_600_000;

/** Whether a parsed JSON value is a request of that kind, with nothing in it that is not known. */
export function isOneShotRequest(value: unknown): value is OneShotRequest {
  if (!hasOnly(value, ['version', 'probe', 'timeoutMs', 'peers'])) return false;
  const { version, probe, timeoutMs, peers } = value;
  return (
    typeof version === 'string' &&
    (probe === 'auto' || probe === 'icmp') &&
    typeof timeoutMs === 'number' &&
    timeoutMs >= 1 &&
    timeoutMs <= maxTimeoutMs &&
    Array.isArray(peers) &&
    peers.length >= 1 &&
    peers.length <= maxPeers &&
    peers.every(isPeer) &&
    new Set(peers.map((peer) => peer.publicKey)).size === peers.length
  );
}

function isPeer(value: unknown): value is OneShotPeer {
  if (!hasOnly(value, ['publicKey', 'host', 'port'])) return false;
  const { publicKey, host, port } = value;
  return (
    typeof publicKey === 'string' &&
    parsePublicKey(publicKey).kind === 'ok' &&
    typeof host === 'string' &&
    parseHost(host).kind !== 'invalid' &&
    typeof port === 'number' &&
    parsePort(String(port)) === port
  );
}

function hasOnly(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every((key) => keys.includes(key))
  );
}
