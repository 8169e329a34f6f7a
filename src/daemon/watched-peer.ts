import type { Fact } from '../core/fact.ts';
import { profiles } from '../core/profile.ts';
import { createWatch } from '../core/watch/watch.ts';
import type { WatchEvent, WatchSnapshot } from '../core/watch/watch-types.ts';
import { type Drive, drive } from '../effects/drive.ts';
import type { InterfaceEffects } from '../effects/interface-effects.ts';
import type { ManagedPeer } from '../sources/managed.ts';
import { recall } from '../store/memory.ts';
import type { PeerState } from '../store/state.ts';
import type { PeerCounters } from '../wireguard/counters.ts';
import { formatEndpoint } from '../wireguard/endpoint.ts';
import type { Log } from './log.ts';
import type { PeerCandidates } from './peer-candidates.ts';

/** One managed peer of the running daemon. */
export interface WatchedPeer {
  readonly managed: ManagedPeer;
  snapshot(): WatchSnapshot;
  /** Unix milliseconds since when its health is what it is. */
  healthSinceMs(): number;
  dispatch(event: WatchEvent): void;
  offer(candidates: PeerCandidates): void;
  /**
   * To be called when a periodic reading of the interface begins; what was read is handed to what it returns (null: the
   * interface does not have the peer any more). Counters read while an endpoint was being set are no evidence, since
   * nobody knows to which endpoint they belong.
   */
  beginReading(): (counters: PeerCounters | null, rxFrameErrors: number | null) => void;
  stop(): void;
}

/** What a watched peer needs. */
export interface WatchedPeerOptions {
  readonly managed: ManagedPeer;
  readonly effects: InterfaceEffects;
  readonly echoTargets: readonly string[];
  readonly remembered: PeerState | undefined;
  readonly log: Log;
  /** 0 to 1, of this host. */
  readonly phase: number;
  readonly onResolve: () => void;
  /** An endpoint has worked for a minute: worth keeping on disk. */
  readonly onGood: (endpoint: string) => void;
  readonly onGone: () => void;
}

/** An echo of ours as WireGuard counts it: 4 + 8 + 40 bytes inside, padded, and 32 more; 64 over IPv4. */
const echoBytes = 96;
/** What WireGuard may send by itself between two readings: a handshake and two keepalives. */
const ownBytes = 212;
/**
 * What we answer to the other end's echoes where it runs this program, too: it sends one a second at the most. Without
 * this allowance two ends take each other's echoes for traffic, and echo faster and faster.
 */
const answerBytesPerMs = echoBytes / 1_000;

/** Begins to watch a peer. */
export function watchPeer(options: WatchedPeerOptions): WatchedPeer {
  const { managed, log } = options;
  const name = { interface: managed.interface, publicKey: managed.publicKey };
  const memory = recall(options.remembered, Date.now(), performance.now());
  const watch = createWatch({
    profile: profiles[managed.profile],
    prefer: managed.prefer,
    failbackMs: managed.failback.kind === 'never' ? null : managed.failback.intervalMs,
    echoTargets: options.echoTargets,
    handshakes: managed.handshakeProbe === 'auto',
    testWhenIdle: managed.persistentKeepaliveS > 0 || managed.profileExplicit,
    phase: options.phase,
    remembered: new Map(
      [...memory.failbackMemory].map(([endpoint, { triedAgoMs, failures }]) => [
        endpoint,
        { atMs: performance.now() - triedAgoMs, failures },
      ]),
    ),
    failedAtMs: memory.failedAtMs,
  });
  let health = watch.snapshot().health;
  let healthSinceMs = Date.now();
  let lastSwitch = watch.snapshot().lastSwitch;
  let lastGood: string | null = null;
  let txBytes: number | null = null;
  let countedAtMs = 0;
  let echoes = 0;
  let sets = 0;
  let setsUnderWay = 0;

  const counting: InterfaceEffects = {
    ...options.effects,
    echoInside(target, onResult) {
      echoes++;
      options.effects.echoInside(target, onResult);
    },
    set(peer, endpoint) {
      sets++;
      setsUnderWay++;
      return options.effects.set(peer, endpoint).finally(() => {
        setsUnderWay--;
      });
    },
  };
  const running: Drive<WatchEvent> = drive<WatchEvent>({
    engine: watch,
    peer: managed.publicKey,
    effects: counting,
    stalled: { type: 'stalled' },
    onFact: (fact) => logFact(log, name, fact),
    onResolve: options.onResolve,
    onChange,
  });
  running.rested.catch((error: unknown) => {
    log.error('bug', {
      ...name,
      message: `this is a bug of wg-reach, the peer is not watched any more: ${String(error)}`,
    });
  });

  function onChange(): void {
    const now = watch.snapshot();
    if (now.lastSwitch !== lastSwitch && now.lastSwitch) {
      lastSwitch = now.lastSwitch;
      const { from, to, reason } = now.lastSwitch;
      const proof = now.proof?.kind ?? 'none yet';
      log.notice('endpoint-switched', {
        ...name,
        message: `moved from ${from} to ${to}; the old: ${reason}; the new is proven by: ${proof}`,
        from,
        to,
        reason,
        proof,
      });
    }
    if (now.lastGood !== null && now.lastGood !== lastGood) {
      lastGood = now.lastGood;
      options.onGood(lastGood);
    }
    if (now.health !== health) noteHealth(now);
    if (now.state === 'gone') options.onGone();
  }

  function noteHealth(now: WatchSnapshot): void {
    const before = health;
    health = now.health;
    healthSinceMs = Date.now();
    const say = health === 'down' ? log.warning : log.info;
    const why = now.reason === null ? '' : `: ${now.reason}`;
    say('health-changed', { ...name, message: `${before} -> ${health}${why}`, from: before, to: health });
  }

  return {
    managed,
    snapshot: () => watch.snapshot(),
    healthSinceMs: () => healthSinceMs,
    dispatch: (event) => running.dispatch(event),
    offer: ({ candidates, settled }) => running.dispatch({ type: 'candidates', candidates, settled }),
    beginReading() {
      const generation = watch.generation();
      const readAtMs = performance.now();
      const setsBefore = setsUnderWay > 0 ? null : sets;
      return (counters, rxFrameErrors) => {
        if (counters) counted(counters.txBytes);
        if (counters && setsBefore === sets) observed(counters, rxFrameErrors, generation, readAtMs);
        else if (!counters)
          running.dispatch({ type: 'peer-gone', detail: 'the interface does not have the peer any more' });
      };
    },
    stop: () => running.stop(),
  };

  /** Whether the host itself sends: more went out than our echoes and WireGuard's own packets. */
  function counted(nowTxBytes: number): void {
    const nowMs = performance.now();
    if (txBytes !== null) {
      const grown = nowTxBytes - txBytes;
      const answers = (nowMs - countedAtMs) * answerBytesPerMs;
      running.dispatch({ type: 'busy', busy: grown > echoes * echoBytes + answers + ownBytes });
    }
    txBytes = nowTxBytes;
    countedAtMs = nowMs;
    echoes = 0;
  }

  function observed(
    counters: PeerCounters,
    rxFrameErrors: number | null,
    generation: number,
    readAtMs: number,
  ): void {
    running.dispatch({
      type: 'observed',
      generation,
      observation: {
        endpoint: counters.endpoint ? formatEndpoint(counters.endpoint) : null,
        rxBytes: counters.rxBytes,
        txBytes: counters.txBytes,
        latestHandshakeS: counters.latestHandshakeS,
        rxFrameErrors,
        readAtMs,
      },
    });
  }
}

/** What happens inside a search is of interest with `--verbose`; what was done, always. */
function logFact(log: Log, name: { interface: string; publicKey: string }, fact: Fact): void {
  switch (fact.kind) {
    case 'condemned':
      log.notice('endpoint-condemned', {
        ...name,
        message: `${fact.endpoint ?? '(none)'} does not work: ${fact.reason}`,
      });
      break;
    case 'setting':
      if (fact.reason === 'reset')
        log.notice('session-reset', {
          ...name,
          message: `${fact.endpoint} answers handshakes, but its session is dead: begun anew`,
        });
      break;
    case 'handshake':
      log.info('handshake', { ...name, message: `${fact.endpoint} asked by handshake: ${fact.verdict}` });
      break;
    case 'trial':
      log.info('trial', { ...name, message: `trying ${fact.endpoint} (${fact.pass})` });
      break;
    case 'trial-failed':
      log.info('trial-failed', { ...name, message: `${fact.endpoint} does not work: ${fact.reason}` });
      break;
    case 'set-failed':
      log.warning('set-failed', { ...name, message: `${fact.endpoint} could not be set: ${fact.detail}` });
      break;
    case 'roamed':
      log.info('roamed', {
        ...name,
        message: `the endpoint changed from ${fact.from ?? '(none)'} to ${fact.to ?? '(none)'}, not by us`,
      });
      break;
    case 'fail-back':
      log.notice('fail-back', {
        ...name,
        message: `fail-back from ${fact.from} to ${fact.to}: ${fact.outcome}`,
      });
      break;
    default:
      log.debug(fact.kind, { ...name, message: JSON.stringify(fact) });
  }
}
