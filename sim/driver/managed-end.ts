import type { PeerAction } from '../../src/core/action.ts';
import { addressOf } from '../../src/core/candidate.ts';
import type { Profile } from '../../src/core/profile.ts';
import { createWatch } from '../../src/core/watch/watch.ts';
import type {
  Watch,
  WatchAction,
  WatchConfig,
  WatchEvent,
  WatchSnapshot,
} from '../../src/core/watch/watch-types.ts';
import type { Clock } from '../clock.ts';
import type { Dns } from '../dns.ts';
import { createEventLoop, type EventLoop } from '../event-loop.ts';
import type { Random } from '../random.ts';
import type { TunnelEnd } from '../tunnel.ts';
import type { Device } from '../wireguard/device.ts';
import { createNames } from './names.ts';
import { createTool, type Tool, type ToolReading } from './tool.ts';

/** What an observer may see of one managed end. Times are those of the world. */
export interface EndObserver {
  /** The engine took an event; its state may have changed. */
  handled?(event: WatchEvent): void;
  asked?(action: WatchAction): void;
  /** An endpoint is on the interface now because of a `set` of ours. */
  written?(endpoint: string, action: Extract<PeerAction, { type: 'set' }>): void;
  /** An echo of ours went (or did not go: `local`, `failed`) into the tunnel. */
  echoSent?(echo: number, how: 'taken' | 'local' | 'failed'): void;
}

/** One end of a tunnel with a watch on it, connected as the daemon connects it. */
export interface ManagedEnd {
  readonly name: string;
  /** The watch now; a new one after the interface or the peer was gone. */
  watch(): Watch;
  readonly loop: EventLoop;
  readonly tool: Tool;
  /** Monotonic milliseconds of its host. */
  nowMs(): number;
  start(): void;
  dispatch(event: WatchEvent): void;
  /** That part of results comes twice, the second one up to 2 s later. */
  setDuplicates(rate: number): void;
  /** `wg` has another interface from now on, or none. The daemon looks at its interfaces each 3 s. */
  setDevice(device: Device | null): void;
  /** The endpoint on the interface, as it really is. */
  endpoint(): string | null;
}

/** How an end is managed. */
export interface ManagedEndOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly end: TunnelEnd;
  readonly peerKey: string;
  readonly dns: Dns;
  readonly names: readonly string[];
  readonly port: number;
  readonly lastKnownGood?: readonly string[];
  readonly profile: Profile;
  readonly echoTargets: readonly string[];
  readonly config?: Partial<WatchConfig>;
  readonly observer?: EndObserver;
  /** Another peer that the same program manages: they share its event loop. */
  readonly beside?: ManagedEnd;
  /** That one is on the same interface, too: they share its `wg`, one write after the other, and its readings. */
  readonly sameInterface?: boolean;
}

/** What a stall adds to the round trip of an answer that waited; the exact time does not matter. */
const stalledRttMs = 2_000;
/** How often the daemon looks whether an interface is there. */
const lookForInterfacesMs = 3_000;
/** An echo of ours: 4 bytes of content, 8 of ICMP, 40 of IPv6; WireGuard sends 96. */
const echoInnerBytes = 52;
const echoOuterBytes = 96;
/** What WireGuard may send by itself between two readings: a handshake and two keepalives. */
const ownOuterBytes = 212;
/** What is answered to the other end's echoes, one a second, is no traffic (as in the daemon). */
const answerBytesPerMs = echoOuterBytes / 1_000;

/** Connects a watch to an end; nothing happens before `start`. */
export function connectEnd(options: ManagedEndOptions): ManagedEnd {
  const { clock, end, profile } = options;
  const random = options.random.split(`managed ${options.name}`);
  const observer = options.observer ?? {};
  const loop = options.beside?.loop ?? createEventLoop(clock, end.host.clock);
  const shared = options.sameInterface === true && options.beside ? options.beside.tool : null;
  let device: Device | null = end.device;
  let absent = false;
  let duplicates = 0;
  let txBytes: number | null = null;
  let countedAtMs = 0;
  let echoes = 0;
  const tool = shared ?? createTool({ clock, random, device: () => device });
  const names = createNames({
    clock,
    dns: options.dns,
    names: options.names,
    port: options.port,
    lastKnownGood: options.lastKnownGood ?? [],
    onAnswer: () => loop.deliver(offer, undefined),
  });
  const newWatch = (): Watch => {
    const made = createWatch({
      profile,
      prefer: 'ipv6',
      failbackMs: 600_000,
      echoTargets: options.echoTargets,
      handshakes: false,
      testWhenIdle: true,
      phase: random.next(),
      remembered: new Map(),
      failedAtMs: new Map(),
      ...options.config,
    });
    // Everybody who looks on asks after each event.
    return {
      ...made,
      handle(event, now) {
        taken = null;
        return made.handle(event, now);
      },
      snapshot() {
        taken ??= made.snapshot();
        return taken;
      },
    };
  };
  let taken: WatchSnapshot | null = null;
  let watch = newWatch();
  const timer = loop.timer(() => dispatch({ type: 'time' }));

  function dispatch(event: WatchEvent): void {
    const actions = watch.handle(event, {
      monotonicMs: end.host.clock.monotonicMs(),
      wallMs: end.host.clock.wallMs(),
    });
    observer.handled?.(event);
    for (const action of actions) carryOut(action);
    const dueMs = watch.nextDueMs();
    if (dueMs === null) timer.cancel();
    // A timer of Node never fires early; sums of fractions might.
    else timer.set(dueMs + 0.001);
  }

  /** Hands a result to the watch that asked for it: now, when the program runs again, and perhaps twice. */
  function handTo(asker: Watch): (event: WatchEvent) => void {
    const take = (event: WatchEvent): void => {
      if (watch === asker) dispatch(event);
    };
    return (event) => {
      loop.deliver(take, event);
      if (duplicates > 0 && random.chance(duplicates))
        clock.after(random.between(1, 2_000), () => loop.deliver(take, event), undefined);
    };
  }

  function offer(): void {
    const { candidates, settled } = names.known();
    // Our own addresses can never be the peer (as in `unusableReason`).
    const usable = candidates.filter((one) => !end.host.owns(addressOf(one.endpoint)));
    dispatch({ type: 'candidates', candidates: usable, settled });
  }

  function readCounters(generation: number, deliver: (event: WatchEvent) => void): void {
    const readAtMs = end.host.clock.monotonicMs();
    tool.read(options.peerKey, (reading) => deliver(readEvent('observed', generation, reading, readAtMs)));
  }

  function carryOut(action: WatchAction): void {
    const deliver = handTo(watch);
    observer.asked?.(action);
    switch (action.type) {
      case 'route': {
        const verdict = end.host.route(addressOf(action.endpoint)) === null ? 'no-route' : 'ok';
        clock.after(random.between(3, 10), deliver, { type: 'routed', endpoint: action.endpoint, verdict });
        break;
      }
      case 'hint':
        hint(action.endpoint, deliver);
        break;
      case 'observe':
        readCounters(action.generation, deliver);
        break;
      case 'echo':
        echo(action, deliver);
        break;
      case 'set':
        tool.set(
          options.peerKey,
          action.endpoint,
          () => observer.written?.(action.endpoint, action),
          (reading) => deliver(readEvent('set-done', action.generation, reading)),
        );
        break;
      case 'resolve':
        names.refresh();
        break;
      case 'report':
      case 'rest':
        break;
    }
  }

  function hint(endpoint: string, deliver: (event: WatchEvent) => void): void {
    const outcome = end.host.ping(addressOf(endpoint), (rttMs) =>
      deliver({ type: 'hint', endpoint, outcome: 'answered', rttMs }),
    );
    if (outcome === 'sent') return;
    clock.after(0, deliver, { type: 'hint', endpoint, outcome: 'unroutable', rttMs: null });
  }

  function echo(action: Extract<PeerAction, { type: 'echo' }>, deliver: (event: WatchEvent) => void): void {
    echoes++;
    const sentAtMs = end.host.clock.monotonicMs();
    const { echo: number, generation } = action;
    const outcome = end.inner.send({
      kind: 'echo-request',
      target: action.target,
      bytes: echoInnerBytes,
      onAnswer(answer) {
        if (answer.packet.kind !== 'echo-reply') return;
        // The program takes the time when it reads the answer.
        const lateMs = loop.stalled() ? stalledRttMs : 0;
        const rttMs = end.host.clock.monotonicMs() - sentAtMs + lateMs;
        deliver({ type: 'echo-answered', echo: number, generation, rttMs });
      },
    });
    observer.echoSent?.(number, outcome === 'taken' || outcome === 'local' ? outcome : 'failed');
    if (outcome === 'taken' || outcome === 'local') return;
    clock.after(0, deliver, { type: 'echo-failed', echo: number, generation, detail: outcome });
  }

  /** The periodic reading of the whole interface, by whoever was there first. */
  function read(): void {
    const nextMs = end.host.clock.monotonicMs() + profile.readMs;
    if (device === null) {
      absent = true;
      readTimer.set(end.host.clock.monotonicMs() + lookForInterfacesMs);
      return;
    }
    const again = (): void => readTimer.set(Math.max(nextMs, end.host.clock.monotonicMs()));
    tool.readAll(() => loop.deliver(again, undefined));
  }
  const readTimer = loop.timer(read);

  /** A reading begins; what came of it is for the watch of that moment. */
  function beginReading(): (reading: ToolReading) => void {
    if (absent || watch.snapshot().state === 'gone') {
      absent = false;
      taken = null;
      watch = newWatch();
      txBytes = null;
      begin();
      return () => {};
    }
    const generation = watch.generation();
    const readAtMs = end.host.clock.monotonicMs();
    const deliver = handTo(watch);
    return (reading) => {
      if (reading.kind === 'peer-gone') deliver({ type: 'peer-gone', detail: reading.detail });
      if (reading.kind !== 'ok') return;
      const grown = reading.observation.txBytes - (txBytes ?? reading.observation.txBytes);
      txBytes = reading.observation.txBytes;
      const nowMs = end.host.clock.monotonicMs();
      const answerBytes = (nowMs - countedAtMs) * answerBytesPerMs;
      countedAtMs = nowMs;
      deliver({ type: 'busy', busy: grown > echoes * echoOuterBytes + answerBytes + ownOuterBytes });
      echoes = 0;
      deliver({ type: 'observed', generation, observation: { ...reading.observation, readAtMs } });
    };
  }
  tool.share(options.peerKey, beginReading);

  function begin(): void {
    dispatch({ type: 'start' });
    names.refresh();
    offer();
  }

  function start(): void {
    begin();
    if (shared === null) readTimer.set(end.host.clock.monotonicMs() + profile.readMs * random.next());
  }

  return {
    name: options.name,
    watch: () => watch,
    loop,
    tool,
    nowMs: end.host.clock.monotonicMs,
    start,
    dispatch: (event) => loop.deliver(dispatch, event),
    setDuplicates(rate) {
      duplicates = rate;
    },
    setDevice(now) {
      if (now === null) absent = true;
      device = now;
    },
    endpoint: () => device?.endpoint(options.peerKey) ?? null,
  };
}

function readEvent(
  ok: 'observed' | 'set-done',
  generation: number,
  reading: ToolReading,
  readAtMs?: number,
): WatchEvent {
  const asked = readAtMs === undefined ? {} : { readAtMs };
  if (reading.kind === 'ok')
    return { type: ok, generation, observation: { ...reading.observation, ...asked } };
  if (reading.kind === 'peer-gone') return { type: 'peer-gone', detail: reading.detail };
  return {
    type: ok === 'observed' ? 'observe-failed' : 'set-failed',
    generation,
    detail: reading.detail,
  };
}
