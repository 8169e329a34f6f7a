import { wireguard } from '../../src/core/constants.ts';
import type { Observation } from '../../src/core/observation.ts';
import type { Schedule } from './schedule.ts';

/** One way to an address. A path that does not lead to the peer answers pings at the most. */
export interface Path {
  rttMs: number;
  /** Whether the peer is at its end; else a wrong host, or nobody. */
  peer: boolean;
  /** Whether packets from us arrive, and packets from there. */
  there: boolean;
  back: boolean;
  /** Whether its address answers ICMP echo outside the tunnel. */
  pings: boolean;
  route: 'ok' | 'no-route' | 'in-tunnel';
}

/** What happens on the far side to an echo that came through the tunnel. */
export type InnerAnswer =
  | 'answer'
  /** The target is gone or drops it: only WireGuard itself answers. */
  | 'silent'
  /** A router behind the peer answers, from an address outside our allowed IPs (as the kernel counts it). */
  | 'foreign'
  /** The target is our own: it answers without any packet in the tunnel. */
  | 'local';

/** How both ends stand at the beginning. Ages in milliseconds. */
export interface WireguardSetup {
  readonly endpoint: string | null;
  /** Age of the session on both ends, or null for none. Default 60 s. */
  readonly sessionAgeMs?: number | null;
  /** Whether we initiated it. */
  readonly initiator?: boolean;
  /** How long ago our last initiation left. */
  readonly initiationAgoMs?: number;
  /** The peer has lost its session (it restarted); we do not know. */
  readonly peerRestarted?: boolean;
  readonly inner?: InnerAnswer;
  /** Random time added to each timer of WireGuard that has one, 0 to 1. */
  readonly jitter?: number;
}

/** A simplified WireGuard client and its one peer, with sizes and timers as in the kernel. */
export interface WireguardModel {
  observation(): Observation;
  setEndpoint(endpoint: string): void;
  /** One echo of the client into the tunnel. */
  sendEcho(onAnswer: () => void): void;
  /** The peer sends a data packet of that inner size of its own accord. */
  peerSends(innerBytes: number): void;
  /** The peer begins a handshake, if it may. */
  peerInitiates(): void;
  /** The peer loses its sessions. */
  restartPeer(): void;
  setInner(inner: InnerAnswer): void;
}

const responseBytes = 92;
/** 56 bytes of payload in ICMP and IPv4: 84 bytes inside, padded to 96. */
const echoInnerBytes = 96;

interface Session {
  readonly id: number;
  readonly sinceMs: number;
  readonly initiator: boolean;
}

/** Creates the model on a clock. `wallMs` gives Unix time for handshakes. */
export function createWireguard(
  schedule: Schedule,
  wallMs: () => number,
  paths: Map<string, Path>,
  setup: WireguardSetup,
): WireguardModel {
  const ageMs = setup.sessionAgeMs === undefined ? 60_000 : setup.sessionAgeMs;
  const jitterMs = wireguard.rekeyJitterMs * (setup.jitter ?? 0.5);
  const bornMs = schedule.nowMs() - (ageMs ?? 0);
  let sessionId = 1;
  let inner: InnerAnswer = setup.inner ?? 'answer';
  const client = {
    endpoint: setup.endpoint,
    rxBytes: 10_000,
    txBytes: 20_000,
    rxFrameErrors: 0,
    handshakeS: ageMs === null ? 0 : Math.floor((wallMs() - ageMs) / 1_000),
    session:
      ageMs === null ? null : ({ id: 1, sinceMs: bornMs, initiator: setup.initiator ?? true } as Session),
    initiatedAtMs: schedule.nowMs() - (setup.initiationAgoMs ?? 60_000),
    retrying: false as boolean,
    unansweredSince: null as number | null,
    queue: [] as (() => void)[],
    /** Sessions under which data from the peer is accepted. */
    known: new Set<number>(ageMs === null ? [] : [1]),
  };
  const peer = {
    /** The path over which the peer heard us last: it answers there. */
    heardOver: setup.endpoint,
    sessions: new Set<number>(ageMs === null || setup.peerRestarted ? [] : [1]),
    /** The session it sends with: a new one only once it heard data with it. */
    current: ageMs === null || setup.peerRestarted ? null : 1,
    keepaliveAtMs: null as number | null,
    initiatedAtMs: Number.NEGATIVE_INFINITY,
  };

  function usable(): Session | null {
    const { session } = client;
    return session && schedule.nowMs() - session.sinceMs < wireguard.rejectAfterMs ? session : null;
  }

  function toPeer(bytes: number, arrive: (over: string) => void): void {
    const over = client.endpoint;
    const path = over === null ? undefined : paths.get(over);
    if (over === null || path?.route === 'no-route') return;
    client.txBytes += bytes;
    if (!path?.peer || !path.there) return;
    schedule.after(path.rttMs / 2, () => arrive(over));
  }

  function toClient(arrive: (over: string) => void): void {
    peer.keepaliveAtMs = null;
    const over = peer.heardOver;
    const path = over === null ? undefined : paths.get(over);
    if (over === null || !path?.peer || !path.back) return;
    schedule.after(path.rttMs / 2, () => arrive(over));
  }

  // ---- the client ----

  function initiate(): void {
    const now = schedule.nowMs();
    if (client.endpoint === null || now - client.initiatedAtMs < wireguard.rekeyTimeoutMs)
      return retryLater();
    client.initiatedAtMs = now;
    toPeer(wireguard.initiationBytes, onInitiation);
    client.retrying = false;
    retryLater();
  }

  /** Once it has begun, it goes on each 5 s and a bit until a response comes. (The limit of 90 s never matters here.) */
  function retryLater(): void {
    if (client.retrying) return;
    client.retrying = true;
    const dueMs = client.initiatedAtMs + wireguard.rekeyTimeoutMs + jitterMs;
    schedule.after(dueMs - schedule.nowMs(), () => {
      if (!client.retrying) return;
      client.retrying = false;
      initiate();
    });
  }

  function sendData(bytes: number, arrive: (over: string) => void): void {
    const session = usable();
    if (!session) {
      client.queue.push(() => sendData(bytes, arrive));
      initiate();
      return;
    }
    toPeer(wireguard.keepaliveBytes + bytes, (over) => {
      if (!peer.sessions.has(session.id)) return;
      peer.heardOver = over;
      peer.current = session.id;
      if (bytes > 0) startKeepalive();
      arrive(over);
    });
    if (session.initiator && schedule.nowMs() - session.sinceMs > 120_000) initiate();
    if (bytes === 0 || client.unansweredSince !== null) return;
    const since = schedule.nowMs();
    client.unansweredSince = since;
    schedule.after(15_000 + jitterMs, () => {
      if (client.unansweredSince === since) initiate();
    });
  }

  function onAuthentic(over: string): void {
    client.unansweredSince = null;
    client.endpoint = over;
  }

  function onResponse(over: string, id: number): void {
    client.rxBytes += responseBytes;
    onAuthentic(over);
    establish(id, true);
    const queue = client.queue.splice(0);
    if (queue.length === 0) sendData(0, () => {});
    for (const send of queue) send();
  }

  function establish(id: number, initiator: boolean): void {
    client.session = { id, sinceMs: schedule.nowMs(), initiator };
    client.known.add(id);
    client.handshakeS = Math.floor(wallMs() / 1_000);
    client.retrying = false;
  }

  function onData(over: string, id: number, innerBytes: number, foreign: boolean): void {
    if (!client.known.has(id)) return;
    onAuthentic(over);
    if (foreign) client.rxFrameErrors++;
    else client.rxBytes += wireguard.keepaliveBytes + innerBytes;
  }

  // ---- the peer ----

  function onInitiation(over: string): void {
    peer.heardOver = over;
    const id = ++sessionId;
    peer.sessions.add(id);
    toClient((back) => onResponse(back, id));
  }

  function peerData(innerBytes: number, foreign: boolean, then: () => void = () => {}): void {
    const id = peer.current;
    if (id === null) return;
    toClient((over) => {
      onData(over, id, innerBytes, foreign);
      then();
    });
  }

  function startKeepalive(): void {
    if (peer.keepaliveAtMs !== null) return;
    const dueMs = schedule.nowMs() + wireguard.passiveKeepaliveMs + jitterMs / 2;
    peer.keepaliveAtMs = dueMs;
    schedule.after(dueMs - schedule.nowMs(), () => {
      if (peer.keepaliveAtMs === dueMs) peerData(0, false);
    });
  }

  return {
    observation: () => ({
      endpoint: client.endpoint,
      rxBytes: client.rxBytes,
      txBytes: client.txBytes,
      latestHandshakeS: client.handshakeS,
      rxFrameErrors: client.rxFrameErrors,
    }),
    setEndpoint(endpoint) {
      client.endpoint = endpoint;
    },
    sendEcho(onAnswer) {
      if (inner === 'local') return schedule.after(0, onAnswer);
      sendData(echoInnerBytes, () => {
        if (inner === 'answer') peerData(echoInnerBytes, false, onAnswer);
        if (inner === 'foreign') peerData(echoInnerBytes, true);
      });
    },
    peerSends(innerBytes) {
      peerData(innerBytes, false);
    },
    peerInitiates() {
      if (schedule.nowMs() - peer.initiatedAtMs < wireguard.rekeyTimeoutMs) return;
      peer.initiatedAtMs = schedule.nowMs();
      toClient((over) => {
        client.rxBytes += wireguard.initiationBytes;
        onAuthentic(over);
        const id = ++sessionId;
        toPeer(responseBytes, (heardOver) => {
          peer.heardOver = heardOver;
          peer.sessions.add(id);
          peer.current = id;
          toClient((back) => {
            establish(id, false);
            onData(back, id, 0, false);
          });
        });
      });
    },
    restartPeer() {
      peer.sessions.clear();
      peer.current = null;
      peer.keepaliveAtMs = null;
    },
    setInner(next) {
      inner = next;
    },
  };
}
