import { formatEndpoint } from '../../src/wireguard/endpoint.ts';
import type { InnerPacket } from '../inner/packet.ts';
import type { Host } from '../network/host.ts';
import type { Random } from '../random.ts';
import { clearKeypairs, type Keypairs } from './keypairs.ts';
import type { Ephemeral, Message, Session } from './message.ts';
import type { PeerTimers } from './peer-timers.ts';
import type { Behaviour } from './protocol.ts';

/** Where a peer's packets go. */
export interface PeerEndpoint {
  readonly address: string;
  readonly port: number;
  /** The own address they come from: the one at which the peer last reached us. Null: as the route says. */
  source: string | null;
  /** As `wg` prints it, once somebody has asked. */
  text: string | null;
}

/** An endpoint as `wg` prints it. */
export function endpointTextOf(endpoint: PeerEndpoint): string {
  endpoint.text ??= formatEndpoint(endpoint);
  return endpoint.text;
}

/** All that a device knows of one peer. */
export interface Peer {
  readonly publicKey: string;
  readonly timers: PeerTimers;
  readonly keypairs: Keypairs;
  /** Packets that wait for a session; null is a keepalive. */
  readonly staged: (InnerPacket | null)[];
  presharedKey: string | null;
  persistentKeepaliveS: number;
  endpoint: PeerEndpoint | null;
  /** Our initiation that waits for its response, or null. */
  initiation: Ephemeral | null;
  /** When we last sent an initiation or a response, on the age clock. */
  lastSentHandshakeMs: number;
  /** Retries since somebody last asked for a handshake. */
  retries: number;
  sentLastMinuteHandshake: boolean;
  /** Of the peer's initiations: the last timestamp, and when it came (age clock). */
  latestTimestamp: number;
  lastInitiationAtMs: number;
  rxBytes: number;
  txBytes: number;
  /** Wall clock of the last completed handshake in milliseconds, 0 for never. */
  latestHandshakeMs: number;
  /** No longer part of the device: whatever is still on its way to it does nothing. */
  removed: boolean;
}

/** What the parts of a device share. */
export interface DeviceCore {
  readonly host: Host;
  readonly publicKey: string;
  readonly behaviour: Behaviour;
  readonly mtuBytes: number;
  readonly random: Random;
  /** The peer of each session this device has keys for, and of each initiation it waits for. */
  readonly sessions: Map<Session, Peer>;
  readonly initiations: Map<Ephemeral, Peer>;
  listenPort: number;
  up: boolean;
  /** The clock by which sessions age. */
  readonly ageMs: () => number;
}

/**
 * Sends one message to the peer's endpoint; false if there is none or the host has no route, and then nothing is
 * counted (kernel `wg_socket_send_skb_to_peer`).
 */
export function transmit(device: DeviceCore, peer: Peer, payload: Message, bytes: number): boolean {
  const { endpoint } = peer;
  if (endpoint === null) return false;
  // A source address that the host no longer has is dropped; one that it has still, though the route has moved, is
  // kept (facts H.3; the kernel's source drops it over IPv4 if the route leaves by another device, which the measured
  // runs did not show, so the worse case is modelled).
  if (endpoint.source !== null && !device.host.owns(endpoint.source)) endpoint.source = null;
  const outcome = device.host.send({
    protocol: 'udp',
    source: endpoint.source,
    sourcePort: device.listenPort,
    destination: endpoint.address,
    destinationPort: endpoint.port,
    payloadBytes: bytes,
    mayFragment: device.behaviour.mayFragment,
    payload,
  });
  if (outcome !== 'sent') return false;
  peer.txBytes += bytes;
  return true;
}

/** Forgets the sessions of a peer and its pending handshake. */
export function forgetKeys(device: DeviceCore, peer: Peer): void {
  clearKeypairs(peer.keypairs);
  if (peer.initiation) device.initiations.delete(peer.initiation);
  peer.initiation = null;
}
