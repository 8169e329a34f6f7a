import type { Outcome, PeerAction } from '../../src/core/action.ts';
import type { Candidate } from '../../src/core/candidate.ts';
import type { PeerEvent } from '../../src/core/event.ts';
import type { Fact } from '../../src/core/fact.ts';
import type { Machine, MachineConfig } from '../../src/core/machine.ts';
import { createPeer } from '../../src/core/peer.ts';
import { createPingPeer } from '../../src/core/ping-peer.ts';
import type { SetReason } from '../../src/core/set-reason.ts';
import { createSchedule } from './schedule.ts';
import { createWireguard, type Path, type WireguardModel, type WireguardSetup } from './wireguard-model.ts';

/** Addresses that tests talk about. */
export const v6 = '[2001:db8::1]:51820';
/** A second one of the same family. */
export const v6b = '[2001:db8::2]:51820';
/** IPv4 of the same host. */
export const v4 = '203.0.113.1:51820';
/** A second one of the same family. */
export const v4b = '203.0.113.2:51820';
/** An address that nobody listed. */
export const elsewhere = '198.51.100.9:40000';

/** Shorthands for paths; the round trip is 20 ms unless given. */
export const path = {
  good: (rttMs = 20): Path => ({ rttMs, peer: true, there: true, back: true, pings: true, route: 'ok' }),
  /** The peer is there, but drops ICMP. */
  noPing: (rttMs = 20): Path => ({ ...path.good(rttMs), pings: false }),
  dead: (): Path => ({ ...path.good(), there: false, back: false, pings: false }),
  /** Answers ping, is no WireGuard peer of ours. */
  wrongHost: (): Path => ({ ...path.good(), peer: false }),
  /** We do not reach the peer; the peer reaches us. */
  onlyBack: (): Path => ({ ...path.good(), there: false, pings: false }),
  /** We reach the peer; the peer does not reach us. */
  onlyThere: (): Path => ({ ...path.good(), back: false, pings: false }),
  noRoute: (): Path => ({ ...path.dead(), route: 'no-route' }),
  inTunnel: (): Path => ({ ...path.good(), route: 'in-tunnel' }),
};

/** How a world begins. Everything has a default but the endpoint and the paths. */
export interface WorldOptions extends WireguardSetup {
  readonly paths: Readonly<Record<string, Path>>;
  /** Listed endpoints; default all that have a path, but `elsewhere`. */
  readonly candidates?: readonly string[];
  /** When the look-ups are through, and the candidates known, after the start. Default 30 ms. */
  readonly resolvedAfterMs?: number;
  readonly probe?: 'auto' | 'icmp';
  readonly config?: Partial<MachineConfig>;
  /** Time from the start to the deadline. Default 48.5 s. */
  readonly limitMs?: number;
  /** Changes that happen by themselves, by time after the start. */
  readonly later?: Readonly<Record<number, (world: World) => void>>;
  /** What `wg set` says instead of working; null to let it work. */
  readonly setFails?: (endpoint: string, reason: SetReason) => string | null;
  /** Whether this reading of the counters fails. */
  readonly observeFails?: (sinceStartMs: number) => boolean;
  /** How long a reading takes; it shows what holds at its end. Default 4 ms. */
  readonly readingTakesMs?: number;
}

/** One thing the machine asked for, with the time since the start. */
export interface Recorded<T> {
  readonly atMs: number;
  readonly what: T;
}

/** A world with one interface and one peer on a virtual clock. */
export interface World {
  readonly machine: Machine;
  readonly wireguard: WireguardModel;
  readonly paths: Map<string, Path>;
  sinceStartMs(): number;
  /** Runs until the machine rests and nothing is under way any more, or the limit after the deadline is over. */
  run(untilMs?: number): World;
  dispatch(event: PeerEvent): void;
  outcome(): Outcome | null;
  /** Time after the start at which it came to rest. */
  restedAtMs(): number | null;
  actions(): readonly Recorded<PeerAction>[];
  sets(): readonly { readonly endpoint: string; readonly reason: SetReason; readonly atMs: number }[];
  facts<K extends Fact['kind']>(kind: K): readonly Extract<Fact, { kind: K }>[];
  /** The endpoint of the interface now. */
  endpoint(): string | null;
}

/** Everything must be over this long after the deadline: one `wg set` and one packet. */
export const restBoundMs = 1_000;

const routeMs = 3;
const observeMs = 4;
const setMs = 7;
const wallOffsetMs = 1_800_000_000_000;

/** Builds a world; nothing happens before `run`. */
export function createWorld(options: WorldOptions): World {
  const startMs = 1_000_000;
  const schedule = createSchedule(startMs);
  const wallMs = () => schedule.nowMs() + wallOffsetMs;
  const paths = new Map(Object.entries(options.paths));
  const wireguard = createWireguard(schedule, wallMs, paths, options);
  const limitMs = options.limitMs ?? 48_500;
  const config: MachineConfig = {
    prefer: 'ipv6',
    echoTargets: ['10.0.0.1'],
    dryRun: false,
    deadlineMs: startMs + limitMs,
    failbackMemory: new Map(),
    failedAtMs: new Map(),
    unlisted: null,
    ...options.config,
  };
  const machine = options.probe === 'icmp' ? createPingPeer(config) : createPeer(config);
  const recorded: Recorded<PeerAction>[] = [];
  let outcome: Outcome | null = null;
  let restedAtMs: number | null = null;
  const sinceStartMs = () => schedule.nowMs() - startMs;

  function dispatch(event: PeerEvent): void {
    for (const action of machine.handle(event, { monotonicMs: schedule.nowMs(), wallMs: wallMs() })) {
      recorded.push({ atMs: sinceStartMs(), what: action });
      carryOut(action);
    }
  }

  function carryOut(action: PeerAction): void {
    switch (action.type) {
      case 'route':
        return schedule.after(routeMs, () => {
          const verdict = paths.get(action.endpoint)?.route ?? 'ok';
          dispatch({ type: 'routed', endpoint: action.endpoint, verdict });
        });
      case 'hint': {
        const one = paths.get(action.endpoint);
        if (!one?.pings) return;
        return schedule.after(one.rttMs, () =>
          dispatch({ type: 'hint', endpoint: action.endpoint, outcome: 'answered', rttMs: one.rttMs }),
        );
      }
      case 'observe':
        return schedule.after(options.readingTakesMs ?? observeMs, () => {
          const { generation } = action;
          if (options.observeFails?.(sinceStartMs()))
            dispatch({ type: 'observe-failed', generation, detail: 'wg failed' });
          else dispatch({ type: 'observed', generation, observation: wireguard.observation() });
        });
      case 'echo': {
        const sentMs = schedule.nowMs();
        return wireguard.sendEcho(() =>
          dispatch({
            type: 'echo-answered',
            echo: action.echo,
            generation: action.generation,
            rttMs: schedule.nowMs() - sentMs,
          }),
        );
      }
      case 'set':
        return schedule.after(setMs, () => {
          const { generation } = action;
          const failure = options.setFails?.(action.endpoint, action.reason) ?? null;
          if (failure !== null) return dispatch({ type: 'set-failed', generation, detail: failure });
          wireguard.setEndpoint(action.endpoint);
          dispatch({ type: 'set-done', generation, observation: wireguard.observation() });
        });
      case 'report':
        return;
      case 'rest':
        outcome = action.outcome;
        restedAtMs = sinceStartMs();
    }
  }

  const world: World = {
    machine,
    wireguard,
    paths,
    sinceStartMs,
    dispatch,
    outcome: () => outcome,
    restedAtMs: () => restedAtMs,
    actions: () => recorded,
    endpoint: () => wireguard.observation().endpoint,
    run(untilMs = limitMs + restBoundMs) {
      let spinning = 0;
      for (;;) {
        const dueMs = machine.nextDueMs();
        const queuedMs = schedule.nextMs();
        // Packets on their way when it rests still arrive; timers of WireGuard itself are not waited for.
        const endMs = startMs + (restedAtMs === null ? untilMs : Math.min(untilMs, restedAtMs + 500));
        const nextMs = Math.min(dueMs ?? endMs, queuedMs ?? endMs);
        if (nextMs > endMs || (dueMs === null && queuedMs === null)) break;
        spinning = nextMs <= schedule.nowMs() ? spinning + 1 : 0;
        if (spinning > 200) throw new Error(`busy loop in state "${machine.snapshot().state}"`);
        schedule.advanceTo(nextMs);
        if (dueMs !== null && dueMs <= schedule.nowMs()) dispatch({ type: 'time' });
        if (nextMs === endMs) break;
      }
      return world;
    },
    sets: () =>
      recorded.flatMap(({ atMs, what }) =>
        what.type === 'set' ? [{ endpoint: what.endpoint, reason: what.reason, atMs }] : [],
      ),
    facts<K extends Fact['kind']>(kind: K) {
      return recorded.flatMap(({ what }) =>
        what.type === 'report' && what.fact.kind === kind ? [what.fact as Extract<Fact, { kind: K }>] : [],
      );
    },
  };

  schedule.after(0, () => dispatch({ type: 'start' }));
  const listed = options.candidates ?? [...paths.keys()].filter((endpoint) => endpoint !== elsewhere);
  schedule.after(options.resolvedAfterMs ?? 30, () =>
    dispatch({ type: 'candidates', candidates: toCandidates(listed), settled: true }),
  );
  for (const [atMs, change] of Object.entries(options.later ?? {})) {
    schedule.after(Number(atMs), () => change(world));
  }
  return world;
}

/** Candidates as one name gives them, in that order. */
export function toCandidates(endpoints: readonly string[]): Candidate[] {
  return endpoints.map((endpoint, listIndex) => ({
    endpoint,
    source: 'dns:vpn.example',
    nameIndex: 0,
    listIndex,
  }));
}

/** The sets that move the endpoint, without those that only repeat it. */
export function moves(world: World): string[] {
  return world
    .sets()
    .filter((set) => set.reason !== 'again')
    .map((set) => `${set.reason} ${set.endpoint}`);
}
