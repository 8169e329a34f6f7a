import type { Clock } from '../clock.ts';
import type { Device, InnerOutcome } from '../wireguard/device.ts';
import { type InnerKind, type InnerPacket, icmpErrorBytes, pingBytes, usualHopLimit } from './packet.ts';

/**
 * What happens to packets for one inner address, own or behind this host. `error-inside` and `error-outside`: an ICMP
 * error comes back, its source being this host's inner address or its `outsideAddress`.
 */
export type TargetBehaviour = 'answers' | 'silent' | 'error-inside' | 'error-outside';

/** What comes back for something sent. */
export interface InnerAnswer {
  readonly packet: InnerPacket;
  readonly rttMs: number;
  /** It never left this host: the target is one of its own addresses. */
  readonly local: boolean;
}

/** What to send; the rest has usual values. */
export interface InnerRequest {
  readonly kind: InnerKind;
  readonly target: string;
  /** Default: the length of a usual ping. */
  readonly bytes?: number;
  readonly answerBytes?: number;
  readonly hopLimit?: number;
  /** Called for each answer, an ICMP error included. */
  readonly onAnswer?: (answer: InnerAnswer) => void;
}

/** One end inside the tunnel: its own addresses, what is behind it, and what it sends. */
export interface InnerHost {
  readonly addresses: readonly string[];
  /** Sends one packet; `local` if it is for an own address and so never leaves. */
  send(request: InnerRequest): InnerOutcome | 'local';
  /** Changes what happens to packets for an address; `delayMs`: how far behind this host it is. */
  setTarget(address: string, behaviour: TargetBehaviour, delayMs?: number): void;
  /** A firewall that drops every inner packet that comes in, for this host and for what is behind it. */
  setDropsEverything(drops: boolean): void;
  /** Inner packets that came through the tunnel, whatever became of them. */
  received(): number;
  /** Sees each of them. */
  onReceive(listener: (packet: InnerPacket) => void): void;
}

/** Nobody waits for an answer while so many others are asked for; a day of silence must not fill the memory. */
const waitingAtMost = 4_096;

/** Makes the inner side of a device. Targets that nobody described are silent; own addresses answer. */
export function createInnerHost(options: {
  readonly clock: Clock;
  readonly device: Device;
  /** The first is the source of what it sends. */
  readonly addresses: readonly string[];
  /** Source of errors that the other side's allowed IPs do not cover. */
  readonly outsideAddress?: string;
}): InnerHost {
  const { clock, device, addresses } = options;
  const outsideAddress = options.outsideAddress ?? '192.0.2.254';
  const targets = new Map<string, { readonly behaviour: TargetBehaviour; readonly delayMs: number }>();
  const waiting = new Map<number, { sentAtMs: number; onAnswer: (answer: InnerAnswer) => void }>();
  const listeners: ((packet: InnerPacket) => void)[] = [];
  let dropsEverything = false;
  let received = 0;
  let nextId = 1;

  const isOwn = (address: string): boolean => addresses.includes(address);
  const sourceFor = (target: string): string =>
    addresses.find((address) => address.includes(':') === target.includes(':')) ?? addresses[0] ?? '';

  const answerFrom = (source: string, kind: InnerKind, bytes: number, packet: InnerPacket): InnerPacket => ({
    kind,
    source,
    destination: packet.source,
    bytes,
    answerBytes: 0,
    id: packet.id,
    hopLimit: usualHopLimit,
  });

  /** What comes back for a packet, or null. */
  const reply = (packet: InnerPacket): InnerPacket | null => {
    const own = isOwn(packet.destination);
    const behaviour = targets.get(packet.destination)?.behaviour ?? (own ? 'answers' : 'silent');
    const error = (source: string): InnerPacket =>
      answerFrom(source, 'icmp-error', icmpErrorBytes(packet), packet);
    if (!own && packet.hopLimit <= 1) return error(sourceFor(packet.source));
    if (behaviour === 'silent' || packet.kind === 'icmp-error') return null;
    if (behaviour === 'error-inside') return error(sourceFor(packet.source));
    if (behaviour === 'error-outside') return error(outsideAddress);
    if (packet.kind === 'echo-request') {
      return answerFrom(packet.destination, 'echo-reply', packet.bytes, packet);
    }
    if (packet.kind === 'request') {
      return answerFrom(packet.destination, 'response', packet.answerBytes, packet);
    }
    return packet.kind === 'closed-port' ? error(packet.destination) : null;
  };

  const answered = (packet: InnerPacket, local: boolean): void => {
    const request = waiting.get(packet.id);
    if (!request) return;
    waiting.delete(packet.id);
    request.onAnswer({ packet, rttMs: clock.nowMs() - request.sentAtMs, local });
  };

  const isAnswer = (packet: InnerPacket): boolean =>
    packet.kind === 'echo-reply' || packet.kind === 'response' || packet.kind === 'icmp-error';

  device.onInner((packet) => {
    received++;
    for (const listener of listeners) listener(packet);
    if (dropsEverything) return;
    if (isAnswer(packet) && isOwn(packet.destination)) {
      answered(packet, false);
      return;
    }
    const answer = reply(packet);
    if (answer === null) return;
    const delayMs = targets.get(packet.destination)?.delayMs ?? 0;
    if (delayMs > 0) clock.after(delayMs, device.sendInner, answer);
    else device.sendInner(answer);
  });

  return {
    addresses,
    send(request) {
      const packet: InnerPacket = {
        kind: request.kind,
        source: sourceFor(request.target),
        destination: request.target,
        bytes: request.bytes ?? pingBytes,
        answerBytes: request.answerBytes ?? 0,
        id: nextId++,
        hopLimit: request.hopLimit ?? usualHopLimit,
      };
      if (request.onAnswer) {
        waiting.set(packet.id, { sentAtMs: clock.nowMs(), onAnswer: request.onAnswer });
        const oldest = waiting.size > waitingAtMost ? waiting.keys().next().value : undefined;
        if (oldest !== undefined) waiting.delete(oldest);
      }
      if (!isOwn(request.target)) return device.sendInner(packet);
      // Our own address answers by itself, bound to the interface or not (facts H.2).
      const answer = reply(packet);
      if (answer) clock.after(0, (local: InnerPacket) => answered(local, true), answer);
      return 'local';
    },
    setTarget(address, behaviour, delayMs = 0) {
      targets.set(address, { behaviour, delayMs });
    },
    setDropsEverything(drops) {
      dropsEverything = drops;
    },
    received: () => received,
    onReceive: (listener) => {
      listeners.push(listener);
    },
  };
}
