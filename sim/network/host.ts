import type { HostClock } from '../host-clock.ts';
import type { Datagram } from './datagram.ts';
import { createUplinks, type Route, type Uplink } from './uplinks.ts';

/** What the sending host itself says; whatever happens later on the way, it does not see. */
export type SendOutcome = 'sent' | 'no-route' | 'bad-source';

/** Takes what arrives at a port. */
export type Receiver = (datagram: Datagram) => void;

/** A machine on the network. */
export interface Host {
  readonly name: string;
  readonly clock: HostClock;
  /** Adds an uplink, or changes the one of that name; what is left out stays (first: metric 100, up, no NAT). */
  uplink(name: string, changes: Partial<Omit<Uplink, 'name'>>): void;
  removeUplink(name: string): void;
  /** What `ip route get` would say, or null for no route. */
  route(destination: string): Route | null;
  /** Whether the address is one of this host's. */
  owns(address: string): boolean;
  addresses(): readonly string[];
  /** Listens on a UDP port of all addresses; false if somebody does already. */
  bind(port: number, receive: Receiver): boolean;
  unbind(port: number): void;
  /** Sends one datagram; the object belongs to the network afterwards. */
  send(datagram: Datagram): SendOutcome;
  /** Sends one ICMP echo; the reply, if any, comes with its round trip. */
  ping(destination: string, onReply: (rttMs: number) => void): SendOutcome;
  /** Whether ICMP echo outside any tunnel is answered; true at first. */
  setAnswersEcho(answers: boolean): void;
  /** Whether a datagram to a port where nobody listens is refused by ICMP; true at first. */
  setRefuses(refuses: boolean): void;
}

/** What the network needs of a host beside what everybody sees. */
export interface NetworkHost extends Host {
  /** Takes a datagram for one of this host's addresses; false if nobody here wanted it. */
  accept(datagram: Datagram): boolean;
  /** The uplink that has this address, or null. */
  uplinkOf(address: string): Uplink | null;
}

/** What a host needs of the network. */
export interface HostContext {
  readonly name: string;
  readonly clock: HostClock;
  /** Puts a datagram on the wire. */
  readonly transmit: (host: NetworkHost, route: Route, datagram: Datagram) => SendOutcome;
  /** Called after addresses changed. */
  readonly addressesChanged: () => void;
}

/** Makes a host without uplinks. */
export function createHost(context: HostContext): NetworkHost {
  const { clock } = context;
  const uplinks = createUplinks();
  const receivers = new Map<number, Receiver>();
  const echoes = new Map<number, { sentAtMs: number; onReply: (rttMs: number) => void }>();
  let nextEcho = 1;
  let answersEcho = true;
  let refuses = true;

  const send = (datagram: Datagram): SendOutcome => {
    const route = uplinks.route(datagram.destination);
    if (route === null || clock.suspended()) return 'no-route';
    if (datagram.source === null) datagram.source = route.source;
    else if (uplinks.owner(datagram.source) === null) return 'bad-source';
    return context.transmit(host, route, datagram);
  };

  const acceptIcmp = (datagram: Datagram): boolean => {
    const { payload } = datagram;
    if (payload.kind === 'echo-request') {
      if (!answersEcho) return false;
      send(answer(datagram, { kind: 'echo-reply', id: payload.id }));
      return true;
    }
    if (payload.kind === 'echo-reply') {
      const echo = echoes.get(payload.id);
      if (!echo) return false;
      echoes.delete(payload.id);
      echo.onReply(clock.monotonicMs() - echo.sentAtMs);
      return true;
    }
    receivers.get(datagram.destinationPort)?.(datagram);
    return true;
  };

  const host: NetworkHost = {
    name: context.name,
    clock,
    uplink(name, changes) {
      const before = uplinks.get(name) ?? { ...usualUplink, name };
      uplinks.set({ ...before, ...changes });
      context.addressesChanged();
    },
    removeUplink(name) {
      uplinks.remove(name);
      context.addressesChanged();
    },
    route: uplinks.route,
    owns: (address) => uplinks.owner(address) !== null,
    addresses: () => uplinks.all().flatMap((uplink) => uplink.addresses),
    uplinkOf: uplinks.owner,
    bind(port, receive) {
      if (receivers.has(port)) return false;
      receivers.set(port, receive);
      return true;
    },
    unbind: (port) => {
      receivers.delete(port);
    },
    send,
    ping(destination, onReply) {
      const id = nextEcho++;
      echoes.set(id, { sentAtMs: clock.monotonicMs(), onReply });
      return send({
        protocol: 'icmp',
        source: null,
        sourcePort: id,
        destination,
        destinationPort: 0,
        payloadBytes: 56,
        mayFragment: false,
        payload: { kind: 'echo-request', id },
      });
    },
    accept(datagram) {
      if (datagram.protocol === 'icmp') return acceptIcmp(datagram);
      const receive = receivers.get(datagram.destinationPort);
      if (receive) {
        receive(datagram);
        return true;
      }
      const { destination, destinationPort } = datagram;
      if (refuses) {
        send(answer(datagram, { kind: 'port-unreachable', address: destination, port: destinationPort }));
      }
      return false;
    },
    setAnswersEcho(answers) {
      answersEcho = answers;
    },
    setRefuses(refusing) {
      refuses = refusing;
    },
  };
  return host;
}

const usualUplink: Uplink = {
  name: '',
  addresses: [],
  metric: 100,
  up: true,
  nat: null,
  passesForeignSources: false,
};

/** An ICMP packet back to where the datagram came from. */
function answer(datagram: Datagram, payload: Datagram['payload']): Datagram {
  return {
    protocol: 'icmp',
    source: datagram.destination,
    sourcePort: datagram.destinationPort,
    destination: datagram.source ?? '',
    destinationPort: datagram.sourcePort,
    payloadBytes: datagram.payloadBytes,
    mayFragment: true,
    payload,
  };
}
