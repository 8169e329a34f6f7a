import os from 'node:os';
import { profiles } from '../core/profile.ts';
import { createInterfaceEffects, type InterfaceEffects } from '../effects/interface-effects.ts';
import { acquireLock } from '../host/lock.ts';
import { echoTargets } from '../sources/echo-targets.ts';
import type { ManagedPeer } from '../sources/managed.ts';
import type { PeerState } from '../store/state.ts';
import { readCounters } from '../wireguard/counters.ts';
import type { InterfaceFacts } from '../wireguard/facts.ts';
import { readImplementation } from '../wireguard/implementation.ts';
import type { Log } from './log.ts';
import { type WatchedPeer, watchPeer } from './watched-peer.ts';

/** Keeps one interface: its lock, its sockets, its periodic reading, and its managed peers. */
export interface InterfaceKeeper {
  /** Brings the watched peers in line with what is managed now. */
  update(managed: readonly ManagedPeer[], facts: InterfaceFacts): void;
  peers(): readonly WatchedPeer[];
  /** For others who look after a peer of this interface: all writes go through one queue. */
  readonly effects: InterfaceEffects;
  /** Stops watching and gives the lock back; the interface is left as it is. */
  close(): Promise<void>;
}

/** What a keeper needs. */
export interface InterfaceKeeperOptions {
  readonly interface: string;
  readonly facts: InterfaceFacts;
  readonly runtimeDirectory: string;
  readonly log: Log;
  readonly phase: number;
  readonly remembered: (interfaceName: string, publicKey: string) => PeerState | undefined;
  readonly onResolve: (peer: ManagedPeer) => void;
  /** An endpoint has worked for a minute. */
  readonly onGood: (peer: ManagedPeer, endpoint: string) => void;
  /** A peer, or the whole interface, is gone or not the same any more: look at everything again. */
  readonly onGone: () => void;
}

/** Why an interface is not kept. `busy`: try again soon. */
export type KeeperRefusal = { readonly kind: 'busy' | 'refused'; readonly detail: string };

/** A `wg` that has not answered after this time hangs; on a healthy host it takes 3 ms. */
const toolTimeoutMs = 5_000;

/**
 * Peers of one interface begin so far apart, but for the first twenty: their tests, and what they cost, stay spread
 * from then on. A thousand begin within ten seconds, which is how often an idle one is tested.
 */
const startSpacingMs = 10;
const startsAtOnceMs = 20 * startSpacingMs;

/** Takes the interface over, or says why not. */
export async function keepInterface(
  options: InterfaceKeeperOptions,
): Promise<InterfaceKeeper | KeeperRefusal> {
  const { interface: name, log } = options;
  if ((await readImplementation(name, { timeoutMs: toolTimeoutMs })) === 'boringtun') {
    return {
      kind: 'refused',
      detail: `${name} is served by boringtun, which crashes when an endpoint is changed`,
    };
  }
  const lock = await acquireLock(options.runtimeDirectory, name, { timeoutMs: 0 });
  if (lock.kind === 'busy') return { kind: 'busy', detail: `${lock.holder} is working on ${name}` };
  if (lock.kind === 'unwritable') {
    log.warning('no-lock', {
      interface: name,
      message: `no lock on ${name}: ${lock.detail}; going on without it`,
    });
  }
  const effects = createInterfaceEffects({
    interface: name,
    fwMark: options.facts.fwMark,
    listenPort: options.facts.listenPort,
    toolTimeoutMs,
    runtimeDirectory: options.runtimeDirectory,
    onNoKeys: (detail) =>
      log.notice('no-handshake-probe', {
        interface: name,
        message: `${detail}; candidates are found by trial, and a peer that restarted is back when WireGuard sees it`,
      }),
  });
  const reason = effects.echoReason();
  if (reason !== null) log.info('echo-method', { interface: name, message: reason });
  return createKeeper(options, effects, async () => {
    if (lock.kind === 'locked') await lock.release();
  });
}

function createKeeper(
  options: InterfaceKeeperOptions,
  effects: InterfaceEffects,
  unlock: () => Promise<void>,
): InterfaceKeeper {
  const name = options.interface;
  const watched = new Map<string, WatchedPeer>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let reading = false;
  /** Monotonic time of the next reading; infinite while none is planned. */
  let readAtMs = Number.POSITIVE_INFINITY;
  let failures = 0;
  let startAtMs = Number.NEGATIVE_INFINITY;

  async function read(): Promise<void> {
    const readers = [...watched].map(([key, peer]) => [key, peer, peer.beginReading()] as const);
    const counters = await readCounters(name, { timeoutMs: toolTimeoutMs });
    if (closed) return;
    if (counters.kind === 'no-such-interface') {
      options.onGone();
    } else if (counters.kind !== 'ok') {
      failures++;
      if (failures === 1) options.log.warning('wg-failed', { interface: name, message: counters.detail });
    } else {
      if (failures > 0)
        options.log.info('wg-works-again', { interface: name, message: "'wg' answers again" });
      failures = 0;
      for (const [key, peer, take] of readers)
        if (watched.get(key) === peer) take(counters.peers.get(key) ?? null, counters.rxFrameErrors);
    }
  }

  /** Brings the next reading forward where a peer wants it sooner; never puts it off, however often it is called. */
  function schedule(): void {
    if (closed || reading || watched.size === 0) return;
    const everyMs = Math.min(...[...watched.values()].map((peer) => profiles[peer.managed.profile].readMs));
    const dueMs = performance.now() + everyMs;
    if (dueMs >= readAtMs) return;
    readAtMs = dueMs;
    clearTimeout(timer);
    timer = setTimeout(() => {
      reading = true;
      void read().finally(() => {
        reading = false;
        readAtMs = Number.POSITIVE_INFINITY;
        schedule();
      });
    }, everyMs);
  }

  function forget(key: string): void {
    watched.get(key)?.stop();
    watched.delete(key);
  }

  function begin(managed: ManagedPeer, facts: InterfaceFacts): void {
    const peer = watchPeer({
      managed,
      effects,
      echoTargets: targetsOf(managed, facts),
      remembered: options.remembered(name, managed.publicKey),
      log: options.log,
      phase: options.phase,
      onResolve: () => options.onResolve(managed),
      onGood: (endpoint) => options.onGood(managed, endpoint),
      onGone: () => {
        forget(managed.publicKey);
        options.onGone();
      },
    });
    watched.set(managed.publicKey, peer);
    const nowMs = performance.now();
    startAtMs = Math.max(nowMs, startAtMs + startSpacingMs);
    if (startAtMs - nowMs < startsAtOnceMs) peer.dispatch({ type: 'start' });
    else setTimeout(() => peer.dispatch({ type: 'start' }), startAtMs - nowMs).unref();
  }

  return {
    update(managed, facts) {
      const wanted = new Map(managed.map((peer) => [peer.publicKey, peer]));
      for (const [key, peer] of watched) {
        const now = wanted.get(key);
        if (now === peer.managed) continue;
        if (now === undefined || JSON.stringify(now) !== JSON.stringify(peer.managed)) forget(key);
      }
      for (const peer of managed) if (!watched.has(peer.publicKey)) begin(peer, facts);
      schedule();
    },
    peers: () => [...watched.values()],
    effects,
    async close() {
      closed = true;
      clearTimeout(timer);
      for (const key of [...watched.keys()]) forget(key);
      effects.close();
      await unlock();
    },
  };
}

/** The user's targets, or what AllowedIPs and the interface's own network tell, IPv4 first; never an address of our own. */
function targetsOf(managed: ManagedPeer, facts: InterfaceFacts): string[] {
  const own = Object.entries(os.networkInterfaces()).flatMap(([device, addresses]) =>
    (addresses ?? []).map(({ address, cidr }) =>
      device === managed.interface ? (cidr ?? address) : address,
    ),
  );
  const others = [...facts.peers]
    .filter(([key]) => key !== managed.publicKey)
    .map(([, peer]) => peer.allowedIps);
  const set = managed.tunnelTargets.filter(
    (target) => !own.some((address) => address.split('/')[0] === target),
  );
  if (set.length > 0) return set;
  const found = echoTargets({
    allowedIpsWritten: managed.allowedIpsWritten,
    allowedIpsLive: facts.peers.get(managed.publicKey)?.allowedIps ?? [],
    otherPeers: others,
    ownAddresses: own,
  }).map((target) => target.address);
  // An echo over IPv4 is 32 bytes shorter in each direction.
  return found.sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
}
