import type { InnerPacket } from '../inner/packet.ts';
import { addKeypair, type Keypair } from './keypairs.ts';
import { dataBytes, messageBytes, type Session, timestampStepMs } from './message.ts';
import { type DeviceCore, type Peer, transmit } from './peer.ts';
import { protocol } from './protocol.ts';

/**
 * Starts a handshake, unless one was sent or answered within the last 5 s. Unless it is a retry it renews the budget
 * of retries in any case, so that steady traffic never gives up (facts A.4).
 */
export function sendInitiation(device: DeviceCore, peer: Peer, isRetry: boolean): void {
  if (!isRetry) peer.retries = 0;
  const nowMs = device.ageMs();
  if (!device.up || peer.removed || nowMs - peer.lastSentHandshakeMs < protocol.rekeyTimeoutMs) return;
  peer.lastSentHandshakeMs = nowMs;
  if (peer.initiation) device.initiations.delete(peer.initiation);
  const ephemeral = { id: device.random.integer(0x1_0000_0000) };
  peer.initiation = ephemeral;
  device.initiations.set(ephemeral, peer);
  peer.timers.traversal(peer.persistentKeepaliveS);
  peer.timers.anySent();
  transmit(
    device,
    peer,
    {
      kind: 'initiation',
      responderKey: peer.publicKey,
      initiatorKey: device.publicKey,
      ephemeral,
      timestamp: Math.floor(device.host.clock.wallMs() / timestampStepMs),
    },
    messageBytes.initiation,
  );
  peer.timers.handshakeInitiated();
}

/** Answers an initiation: the new session waits until the other side uses it. */
export function sendResponse(device: DeviceCore, peer: Peer, ephemeral: { readonly id: number }): void {
  peer.lastSentHandshakeMs = device.ageMs();
  const session = { id: device.random.integer(0x1_0000_0000) };
  beginSession(device, peer, session, false);
  peer.timers.sessionDerived();
  peer.timers.traversal(peer.persistentKeepaliveS);
  peer.timers.anySent();
  transmit(
    device,
    peer,
    { kind: 'response', ephemeral, session, presharedKey: peer.presharedKey },
    messageBytes.response,
  );
}

/** Gives the peer a new keypair. */
export function beginSession(device: DeviceCore, peer: Peer, session: Session, initiator: boolean): void {
  const keypair: Keypair = {
    session,
    initiator,
    bornMs: device.ageMs(),
    sendingValid: true,
    receivingValid: true,
    sentCount: 0,
  };
  addKeypair(peer.keypairs, keypair);
  device.sessions.set(session, peer);
}

/** Sends an empty packet, or what is staged if anything is. */
export function sendKeepalive(device: DeviceCore, peer: Peer): void {
  if (peer.staged.length === 0) peer.staged.push(null);
  sendStaged(device, peer);
}

/** Queues an inner packet, dropping the oldest of 128, and sends what can be sent. */
export function sendInner(device: DeviceCore, peer: Peer, packet: InnerPacket): void {
  if (peer.staged.length >= protocol.maxStagedPackets) peer.staged.shift();
  peer.staged.push(packet);
  sendStaged(device, peer);
}

/** Sends what is staged if there is a session to send it with, else asks for one. */
export function sendStaged(device: DeviceCore, peer: Peer): void {
  const { staged } = peer;
  if (staged.length === 0 || !device.up) return;
  const keypair = peer.keypairs.current;
  if (keypair?.sendingValid && device.ageMs() - keypair.bornMs >= protocol.rejectAfterMs) {
    keypair.sendingValid = false;
  }
  if (!keypair?.sendingValid) {
    sendInitiation(device, peer, false);
    return;
  }
  peer.timers.traversal(peer.persistentKeepaliveS);
  peer.timers.anySent();
  let dataSent = false;
  for (const inner of staged) {
    const bytes = inner === null ? messageBytes.keepalive : dataBytes(inner.bytes, device.mtuBytes);
    const counter = keypair.sentCount++;
    const sent = transmit(device, peer, { kind: 'data', session: keypair.session, counter, inner }, bytes);
    if (inner !== null && (sent || device.behaviour.countsUnsentData)) dataSent = true;
  }
  staged.length = 0;
  if (dataSent) peer.timers.dataSent();
  if (keypair.initiator && device.ageMs() - keypair.bornMs >= protocol.rekeyAfterMs) {
    sendInitiation(device, peer, false);
  }
}

/** No response came: another try, from whatever source address the route says, or it gives up. */
export function retryHandshake(device: DeviceCore, peer: Peer): void {
  if (peer.retries > protocol.maxRetries) {
    peer.staged.length = 0;
    peer.timers.gaveUp();
    return;
  }
  peer.retries++;
  if (peer.endpoint) peer.endpoint.source = null;
  sendInitiation(device, peer, true);
}

/** Data was not answered for 15 s: the session may be gone. */
export function renewSession(device: DeviceCore, peer: Peer): void {
  if (peer.endpoint) peer.endpoint.source = null;
  sendInitiation(device, peer, false);
}
