import type { PeerAction } from '../../src/core/action.ts';
import { addressOf } from '../../src/core/candidate.ts';
import type { Profile } from '../../src/core/profile.ts';
import { createWatch } from '../../src/core/watch/watch.ts';
import type { Watch, WatchAction, WatchConfig, WatchEvent } from '../../src/core/watch/watch-types.ts';
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
  readonly watch: Watch;
  readonly loop: EventLoop;
  readonly tool: Tool;
  /** Monotonic milliseconds of its host. */
  nowMs(): number;
  start(): void;
  dispatch(event: WatchEvent): void;
  /** That part of results comes twice, the second one up to 2 s later. */
  setDuplicates(rate: number): void;
  /** `wg` has another interface from now on, or none. */
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
}

/** An echo of ours: 24 bytes of content, 8 of ICMP, 40 of IPv6; WireGuard sends 112. */
const echoInnerBytes = 72;
const echoOuterBytes = 112;
/** What WireGuard may send by itself between two readings: a handshake and two keepalives. */
const ownOuterBytes = 212;

/** Connects a watch to an end; nothing happens before `start`. */
export function connectEnd(options: ManagedEndOptions): ManagedEnd {
  const { clock, end, profile } = options;
  const random = options.random.split(`managed ${options.name}`);
  const observer = options.observer ?? {};
  const loop = createEventLoop(clock, end.host.clock);
  let device: Device | null = end.device;
  let duplicates = 0;
  let txBytes: number | null = null;
  let echoes = 0;
  const tool = createTool({ clock, random, device: () => device, peerKey: options.peerKey });
  const names = createNames({
    clock,
    dns: options.dns,
    names: options.names,
    port: options.port,
    lastKnownGood: options.lastKnownGood ?? [],
    onAnswer: () => loop.deliver(offer, undefined),
  });
  const watch = createWatch({
    profile,
    prefer: 'ipv6',
    failbackMs: 600_000,
    echoTargets: options.echoTargets,
    testWhenIdle: true,
    phase: random.next(),
    remembered: new Map(),
    failedAtMs: new Map(),
    ...options.config,
  });
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
    else timer.set(dueMs);
  }

  /** Hands a result to the program: now, when it runs again, and perhaps twice. */
  function deliver(event: WatchEvent): void {
    loop.deliver(dispatch, event);
    if (duplicates > 0 && random.chance(duplicates))
      clock.after(random.between(1, 2_000), () => loop.deliver(dispatch, event), undefined);
  }

  function offer(): void {
    const { candidates, settled } = names.known();
    // Our own addresses can never be the peer (as in `unusableReason`).
    const usable = candidates.filter((one) => !end.host.owns(addressOf(one.endpoint)));
    dispatch({ type: 'candidates', candidates: usable, settled });
  }

  function carryOut(action: WatchAction): void {
    observer.asked?.(action);
    switch (action.type) {
      case 'route': {
        const verdict = end.host.route(addressOf(action.endpoint)) === null ? 'no-route' : 'ok';
        clock.after(random.between(3, 10), deliver, { type: 'routed', endpoint: action.endpoint, verdict });
        break;
      }
      case 'hint':
        hint(action.endpoint);
        break;
      case 'observe':
        tool.read((reading) => deliver(readEvent('observed', action.generation, reading)));
        break;
      case 'echo':
        echo(action);
        break;
      case 'set':
        tool.set(
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

  function hint(endpoint: string): void {
    const outcome = end.host.ping(addressOf(endpoint), (rttMs) =>
      deliver({ type: 'hint', endpoint, outcome: 'answered', rttMs }),
    );
    if (outcome === 'sent') return;
    clock.after(0, deliver, { type: 'hint', endpoint, outcome: 'unroutable', rttMs: null });
  }

  function echo(action: Extract<PeerAction, { type: 'echo' }>): void {
    echoes++;
    const sentAtMs = end.host.clock.monotonicMs();
    const { echo: number, generation } = action;
    const answered = (): void =>
      dispatch({
        type: 'echo-answered',
        echo: number,
        generation,
        rttMs: end.host.clock.monotonicMs() - sentAtMs,
      });
    const outcome = end.inner.send({
      kind: 'echo-request',
      target: action.target,
      bytes: echoInnerBytes,
      onAnswer(answer) {
        if (answer.packet.kind !== 'echo-reply') return;
        loop.deliver(answered, undefined);
        if (duplicates > 0 && random.chance(duplicates))
          clock.after(random.between(1, 2_000), () => loop.deliver(answered, undefined), undefined);
      },
    });
    observer.echoSent?.(number, outcome === 'taken' || outcome === 'local' ? outcome : 'failed');
    if (outcome === 'taken' || outcome === 'local') return;
    clock.after(0, deliver, { type: 'echo-failed', echo: number, generation, detail: outcome });
  }

  /** The periodic reading of the whole interface. */
  function read(): void {
    if (watch.snapshot().state === 'gone') return;
    const generation = watch.generation();
    tool.read((reading) => {
      if (reading.kind === 'ok') {
        const grown = reading.observation.txBytes - (txBytes ?? reading.observation.txBytes);
        txBytes = reading.observation.txBytes;
        deliver({ type: 'busy', busy: grown > echoes * echoOuterBytes + ownOuterBytes });
        echoes = 0;
        deliver({ type: 'observed', generation, observation: reading.observation });
      } else if (reading.kind === 'peer-gone') deliver({ type: 'peer-gone', detail: reading.detail });
      readTimer.set(end.host.clock.monotonicMs() + profile.readMs);
    });
  }
  const readTimer = loop.timer(read);

  return {
    name: options.name,
    watch,
    loop,
    tool,
    nowMs: end.host.clock.monotonicMs,
    start() {
      dispatch({ type: 'start' });
      names.refresh();
      offer();
      readTimer.set(end.host.clock.monotonicMs() + profile.readMs * random.next());
    },
    dispatch: (event) => loop.deliver(dispatch, event),
    setDuplicates(rate) {
      duplicates = rate;
    },
    setDevice(now) {
      device = now;
    },
    endpoint: () => device?.show(options.peerKey)?.endpoint ?? null,
  };
}

function readEvent(ok: 'observed' | 'set-done', generation: number, reading: ToolReading): WatchEvent {
  if (reading.kind === 'ok') return { type: ok, generation, observation: reading.observation };
  if (reading.kind === 'peer-gone') return { type: 'peer-gone', detail: reading.detail };
  return {
    type: ok === 'observed' ? 'observe-failed' : 'set-failed',
    generation,
    detail: reading.detail,
  };
}
