import { createSocket, type Socket } from 'node:dgram';
import { closeSync } from 'node:fs';
import { type NativeRefused, type NativeUnavailable, openSocket, type SocketWish } from './native.ts';

/** A socket on the event loop, or why there is none. */
export type DatagramSocketResult =
  | { readonly kind: 'open'; readonly socket: Socket }
  | NativeUnavailable
  | NativeRefused;

/**
 * Opens a native socket and hands it to the event loop. The caller closes it, and must listen for `error`.
 * On failure nothing stays open.
 */
export function openDatagramSocket(wish: SocketWish): DatagramSocketResult {
  const native = openSocket(wish);
  if (native.kind !== 'open') return native;
  const socket = createSocket(wish.family === 4 ? 'udp4' : 'udp6');
  try {
    // Adopting a descriptor happens at once, not on a later turn of the event loop.
    socket.bind({ fd: native.fd });
  } catch (error) {
    socket.close();
    closeSync(native.fd);
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'unavailable', detail: `Node does not take over a native socket: ${reason}` };
  }
  return { kind: 'open', socket };
}
