/**
 * Plays any number of WireGuard servers in one process, each with its own key and UDP port: shakes hands, answers
 * echoes through the tunnel and, as WireGuard owes it, other packets with a keepalive after 10 s. It never begins a
 * handshake itself. The first line of its standard input says what to play; it ends when that is closed, so that it
 * cannot outlive who started it.
 */
import type { RemoteInfo, Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { createResponder, initiationBytes, open, seal } from './handshake.ts';
import { answerInnerEcho } from './inner-echo.ts';
import type { PlayedServer, ResponderOrder } from './order.ts';

/** A session of one server with the client. */
interface Session {
  readonly peerIndex: number;
  readonly receiveKey: Buffer;
  readonly sendKey: Buffer;
  sent: bigint;
  keepalive: NodeJS.Timeout | null;
}

const transport = 4;
const headerBytes = 16;
const blockBytes = 16;
const passiveKeepaliveMs = 10_000;
/** The one in use and the one before it, from which packets may still be under way. */
const keptSessions = 2;
const nothing = Buffer.alloc(0);

const sessions = new Map<number, Session>();
let lastIndex = 0;

function play(server: PlayedServer, clientKey: string): Promise<void> {
  const responder = createResponder(server.keys, clientKey);
  const inner = Buffer.from(server.inner.split('.').map(Number));
  const own: number[] = [];
  const socket = createSocket({ type: 'udp6', ipv6Only: false });

  function shakeHands(packet: Buffer, from: RemoteInfo): void {
    lastIndex += 1;
    const answer = responder.answer(packet, lastIndex);
    if (answer === null) return;
    const { response, ...keys } = answer;
    sessions.set(lastIndex, { ...keys, sent: 0n, keepalive: null });
    own.push(lastIndex);
    const old = own.length > keptSessions ? own.shift() : undefined;
    if (old !== undefined) forget(old);
    socket.send(response, from.port, from.address);
  }

  function take(packet: Buffer, from: RemoteInfo): void {
    const session = sessions.get(packet.readUInt32LE(4));
    if (session === undefined) return;
    const plain = open(session.receiveKey, packet.readBigUInt64LE(8), packet.subarray(headerBytes), nothing);
    if (plain === null || plain.length === 0) return;
    const answer = answerInnerEcho(plain, inner);
    if (answer !== null) return send(socket, session, answer, from);
    session.keepalive ??= setTimeout(() => send(socket, session, nothing, from), passiveKeepaliveMs);
  }

  socket.on('message', (packet, from) => {
    if (packet.length === initiationBytes) shakeHands(packet, from);
    else if (packet.length > headerBytes && packet[0] === transport) take(packet, from);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(server.port, '::', () => {
      socket.off('error', reject);
      // An address that cannot be reached for a moment is no reason to end.
      socket.on('error', () => undefined);
      resolve();
    });
  });
}

function send(socket: Socket, session: Session, plain: Buffer, to: RemoteInfo): void {
  if (session.keepalive !== null) clearTimeout(session.keepalive);
  session.keepalive = null;
  const padded = Buffer.alloc(Math.ceil(plain.length / blockBytes) * blockBytes);
  plain.copy(padded);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(transport, 0);
  header.writeUInt32LE(session.peerIndex, 4);
  header.writeBigUInt64LE(session.sent, 8);
  const sealed = seal(session.sendKey, session.sent, padded, nothing);
  session.sent += 1n;
  socket.send(Buffer.concat([header, sealed]), to.port, to.address);
}

function forget(index: number): void {
  const session = sessions.get(index);
  if (session?.keepalive) clearTimeout(session.keepalive);
  sessions.delete(index);
}

const input = createInterface(process.stdin);
input.once('line', (line) => {
  const order: ResponderOrder = JSON.parse(line);
  void Promise.all(order.servers.map((server) => play(server, order.clientKey))).then(() =>
    process.stdout.write('ready\n'),
  );
});
input.on('close', () => process.exit(0));
