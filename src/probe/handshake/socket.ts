import { createSocket, type Socket } from 'node:dgram';
import { openDatagramSocket } from '../../host/datagram-socket.ts';
import { type Endpoint, endpointFamily } from '../../wireguard/endpoint.ts';
import { bareAddress } from '../bare-address.ts';
import { type SendFailure, sendFailureNamed, sendFailureOf } from '../send-failure.ts';

/** Where probes leave. */
export interface ProbePath {
  /** The interface's fwmark, so that a probe does not travel through the tunnel it is to test; 0 or absent is none. */
  readonly mark?: number;
  /** Leave by this device only. */
  readonly device?: string;
}

/** What a socket tells. Nothing is told after `close`. */
export interface ProbeSocketListener {
  datagram(bytes: Uint8Array): void;
  /** An ICMP error came from the network: nothing listens there, or something on the way forbids it. */
  refused(how: 'port-closed' | 'prohibited'): void;
  /** This host could not send. */
  failed(failure: SendFailure): void;
}

/** A UDP socket of its own port that talks to one endpoint only. */
export interface ProbeSocket {
  send(message: Uint8Array): void;
  /** May be called twice. */
  close(): void;
}

/** A socket, or why there is none. */
export type ProbeSocketResult = { readonly kind: 'open'; readonly socket: ProbeSocket } | SendFailure;

/**
 * Opens a socket and connects it: only then does Linux show it the ICMP errors that answer its packets. A link-local
 * endpoint needs its zone. Never rejects; on failure nothing stays open.
 */
export async function openProbeSocket(
  endpoint: Endpoint,
  path: ProbePath,
  listener: ProbeSocketListener,
): Promise<ProbeSocketResult> {
  const opened = openSocketFor(endpoint, path);
  if ('kind' in opened) return opened;
  const connecting = await connect(opened, endpoint);
  if (connecting !== null) {
    opened.close();
    return sendFailureOf(connecting);
  }
  let closed = false;
  const tell = (act: () => void): void => {
    if (!closed) act();
  };
  const from = bareAddress(endpoint.address);
  opened.on('message', (datagram, sender) => {
    // What came in before the socket was connected may be anybody's.
    const known = sender.port === endpoint.port && bareAddress(sender.address) === from;
    if (known) tell(() => listener.datagram(datagram));
  });
  opened.on('error', (error) => tell(() => report(error, listener)));
  return {
    kind: 'open',
    socket: {
      send(message) {
        if (closed) return;
        opened.send(message, (error) => {
          if (error) tell(() => reportUnsent(error, listener));
        });
      },
      close() {
        if (closed) return;
        closed = true;
        opened.close();
      },
    },
  };
}

function openSocketFor(endpoint: Endpoint, path: ProbePath): Socket | SendFailure {
  const family = endpointFamily(endpoint);
  const plain = (path.mark ?? 0) === 0 && path.device === undefined;
  // Without wishes Node's own socket does, and the native library need not be there.
  if (plain) return createSocket(family === 4 ? 'udp4' : 'udp6');
  const opened = openDatagramSocket({ ...path, family, kind: 'udp' });
  if (opened.kind === 'open') return opened.socket;
  if (opened.kind === 'refused') return sendFailureNamed(opened.errno, opened.detail);
  const detail = `a probe could travel through the tunnel itself, as its socket cannot be given a mark or a device: ${opened.detail}`;
  return { kind: 'failed', detail };
}

function connect(socket: Socket, { address, port }: Endpoint): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    // For an error that comes before anybody listens; connecting gives its own to the callback.
    socket.once('error', resolve);
    try {
      socket.connect(port, address, ((error?: NodeJS.ErrnoException) => {
        socket.off('error', resolve);
        resolve(error ?? null);
      }) as () => void);
    } catch (error) {
      // A port that is none.
      resolve(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/** An error that came on the socket's own account: an ICMP message. */
function report(error: NodeJS.ErrnoException, listener: ProbeSocketListener): void {
  if (error.code === 'ECONNREFUSED') listener.refused('port-closed');
  // Linux: IPv4 "communication administratively prohibited", and the same for IPv6.
  else if (error.code === 'EHOSTUNREACH' || error.code === 'EACCES') listener.refused('prohibited');
  else listener.failed(sendFailureOf(error));
}

/** An error of a send: of this host, or an ICMP message that answers the packet before. */
function reportUnsent(error: NodeJS.ErrnoException, listener: ProbeSocketListener): void {
  if (error.code === 'ECONNREFUSED') listener.refused('port-closed');
  else listener.failed(sendFailureOf(error));
}
