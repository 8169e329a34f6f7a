import type { InnerPacket } from '../inner/packet.ts';
import type { Datagram } from '../network/datagram.ts';
import { confirmKeypair, findKeypair } from './keypairs.ts';
import { type Data, dataBytes, type Initiation, messageBytes, type Response } from './message.ts';
import type { DeviceCore, Peer } from './peer.ts';
import { protocol } from './protocol.ts';
import { beginSession, sendInitiation, sendKeepalive, sendResponse, sendStaged } from './send.ts';

/** What receiving needs beside the device itself. */
export interface ReceiveContext {
  readonly findPeer: (publicKey: string) => Peer | null;
  /** Which peer owns an inner source address. */
  readonly ownerOf: (innerAddress: string) => Peer | null;
  /** Hands a packet that passed every check to the host's inner side. */
  readonly accept: (packet: InnerPacket, peer: Peer) => void;
  /** Authentic, but from an inner address outside the peer's allowed IPs. */
  readonly reject: () => void;
}

/** Takes a datagram that came to the listen port. What does not authenticate vanishes without a trace. */
export function receive(device: DeviceCore, context: ReceiveContext, datagram: Datagram): void {
  if (!device.up) return;
  const { payload } = datagram;
  if (payload.kind === 'data') receiveData(device, context, datagram, payload);
  else if (payload.kind === 'initiation') receiveInitiation(device, context, datagram, payload);
  else if (payload.kind === 'response') receiveResponse(device, datagram, payload);
}

function receiveInitiation(
  device: DeviceCore,
  context: ReceiveContext,
  datagram: Datagram,
  message: Initiation,
): void {
  if (message.responderKey !== device.publicKey) return;
  const peer = context.findPeer(message.initiatorKey);
  if (peer === null) return;
  const nowMs = device.ageMs();
  if (message.timestamp <= peer.latestTimestamp) return;
  if (nowMs - peer.lastInitiationAtMs < protocol.floodMs) return;
  peer.latestTimestamp = message.timestamp;
  peer.lastInitiationAtMs = nowMs;
  // A handshake of our own that was under way is lost: there is room for one.
  if (peer.initiation) device.initiations.delete(peer.initiation);
  peer.initiation = null;
  roam(peer, datagram);
  sendResponse(device, peer, message.ephemeral);
  countHandshake(peer, messageBytes.initiation);
}

function receiveResponse(device: DeviceCore, datagram: Datagram, message: Response): void {
  const peer = device.initiations.get(message.ephemeral);
  if (!peer || peer.presharedKey !== message.presharedKey) return;
  device.initiations.delete(message.ephemeral);
  peer.initiation = null;
  roam(peer, datagram);
  beginSession(device, peer, message.session, true);
  peer.timers.sessionDerived();
  completeHandshake(device, peer);
  sendKeepalive(device, peer);
  countHandshake(peer, messageBytes.response);
}

function receiveData(device: DeviceCore, context: ReceiveContext, datagram: Datagram, message: Data): void {
  const peer = device.sessions.get(message.session);
  const keypair = peer ? findKeypair(peer.keypairs, message.session) : null;
  if (!peer || !keypair?.receivingValid) return;
  const nowMs = device.ageMs();
  if (nowMs - keypair.bornMs >= protocol.rejectAfterMs) {
    keypair.receivingValid = false;
    return;
  }
  roam(peer, datagram);
  if (peer.keypairs.next !== null && confirmKeypair(peer.keypairs, keypair)) {
    completeHandshake(device, peer);
    sendStaged(device, peer);
  }
  keepKeyFresh(device, peer, nowMs);
  peer.timers.anyReceived();
  peer.timers.traversal(peer.persistentKeepaliveS);
  const { inner } = message;
  if (inner === null) {
    peer.rxBytes += messageBytes.keepalive;
    return;
  }
  // Whatever becomes of the packet, the other side gets an answer within 10 s (facts A.2).
  peer.timers.dataReceived();
  const allowed = context.ownerOf(inner.source) === peer;
  if (allowed || device.behaviour.countsForeignSources)
    peer.rxBytes += dataBytes(inner.bytes, device.mtuBytes);
  if (allowed) context.accept(inner, peer);
  else context.reject();
}

/** The initiator of a session that is nearly over renews it on the last packets that come in. */
function keepKeyFresh(device: DeviceCore, peer: Peer, nowMs: number): void {
  const { current } = peer.keypairs;
  if (peer.sentLastMinuteHandshake || !current?.initiator || !current.sendingValid) return;
  const lastMinuteMs = protocol.rejectAfterMs - protocol.keepaliveTimeoutMs - protocol.rekeyTimeoutMs;
  if (nowMs - current.bornMs < lastMinuteMs) return;
  peer.sentLastMinuteHandshake = true;
  sendInitiation(device, peer, false);
}

function completeHandshake(device: DeviceCore, peer: Peer): void {
  peer.timers.handshakeComplete();
  peer.retries = 0;
  peer.sentLastMinuteHandshake = false;
  peer.latestHandshakeMs = device.host.clock.wallMs();
}

function countHandshake(peer: Peer, bytes: number): void {
  peer.rxBytes += bytes;
  peer.timers.anyReceived();
  peer.timers.traversal(peer.persistentKeepaliveS);
}

/** Every authenticated packet says where the peer is now, and at which of our addresses it reaches us. */
function roam(peer: Peer, datagram: Datagram): void {
  const { endpoint } = peer;
  if (endpoint?.address === datagram.source && endpoint.port === datagram.sourcePort) {
    endpoint.source = datagram.destination;
    return;
  }
  peer.endpoint = {
    address: datagram.source ?? '',
    port: datagram.sourcePort,
    source: datagram.destination,
    text: null,
  };
}
