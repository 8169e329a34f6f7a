import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { openDatagramSocket } from '../host/datagram-socket.ts';
import { sendFailureNamed, sendFailureOf } from './send-failure.ts';

/** How the packet is to leave. */
export interface InnerPacketOptions {
  /** The WireGuard interface. */
  readonly device: string;
  /** Destination UDP port. Default 9 (discard): whether anything listens does not matter. */
  readonly port?: number;
  /** Hop limit, 1 to 255; the system's default if absent. */
  readonly ttl?: number;
}

/** `bound`: the packet left by the device. Without the native library the routes decide instead. */
export type InnerPacketResult =
  | { readonly kind: 'sent'; readonly bound: boolean }
  | { readonly kind: 'failed'; readonly detail: string };

/** Not empty: WireGuard answers data packets only. The text tells a person with a packet trace what this is. */
const payload = Buffer.from('wg-reach');
/** A datagram is handed to the kernel at once, unless the device's queue is full. */
const sendTimeoutMs = 1_000;

/**
 * Sends one small UDP datagram through the tunnel. It makes the peer answer within 10 s, even if its firewall drops
 * the packet. Never rejects; leaves nothing open. Errors of this host are `failed`; that nothing came back is not seen.
 */
export async function sendInnerPacket(
  address: string,
  options: InnerPacketOptions,
): Promise<InnerPacketResult> {
  const family = isIP(address);
  if (family !== 4 && family !== 6) return { kind: 'failed', detail: `"${address}" is not an IP address` };
  const { device, port = 9, ttl } = options;
  const opened = openDatagramSocket({ family, kind: 'udp', device, ...(ttl === undefined ? {} : { ttl }) });
  // Binding to a device needs a right on kernels before 5.7.
  const unbound = opened.kind === 'unavailable' || (opened.kind === 'refused' && opened.errno === 'EPERM');
  if (opened.kind !== 'open' && !unbound) {
    return { kind: 'failed', detail: sendFailureNamed(opened.errno, opened.detail).detail };
  }
  const socket = opened.kind === 'open' ? opened.socket : createSocket(family === 4 ? 'udp4' : 'udp6');
  const error = await transmit(socket, address, port, unbound ? ttl : undefined);
  return error ? { kind: 'failed', detail: sendFailureOf(error).detail } : { kind: 'sent', bound: !unbound };
}

/** Sends and closes. `ttl` is set here only for a socket that does not have it yet. */
function transmit(
  socket: Socket,
  address: string,
  port: number,
  ttl: number | undefined,
): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    let done = false;
    const finish = (error: NodeJS.ErrnoException | null): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      socket.close();
      resolve(error);
    };
    const timer = setTimeout(() => finish(new Error('the device takes no packets')), sendTimeoutMs);
    const send = (): void => {
      try {
        socket.send(payload, port, address, (error) => finish(error));
      } catch (error) {
        // A port out of range.
        finish(error instanceof Error ? error : new Error(String(error)));
      }
    };
    socket.on('error', finish);
    if (ttl === undefined) return send();
    socket.bind(() => {
      try {
        socket.setTTL(ttl);
      } catch (error) {
        finish(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      send();
    });
  });
}
