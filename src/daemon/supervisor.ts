import { type ClockReading, compareClocks } from '../core/clocks.ts';
import type { WatchEvent } from '../core/watch/watch-types.ts';
import { localAddresses } from '../host/addresses.ts';
import { readClocks } from '../host/clocks.ts';
import { createNameBook, type NameBook } from '../resolve/name-book.ts';
import type { ManagedPeer } from '../sources/managed.ts';
import { rememberWatch } from '../store/memory.ts';
import type { Guests } from './guests.ts';
import { type InterfaceKeeper, keepInterface } from './interface-keeper.ts';
import type { Inventory, InventoryReader } from './inventory.ts';
import type { Log } from './log.ts';
import type { Pauses } from './pauses.ts';
import { peerCandidates } from './peer-candidates.ts';
import { recoverPeers } from './recovery.ts';
import type { StateKeeper } from './state-keeper.ts';
import type { WatchedPeer } from './watched-peer.ts';

/** Everything the daemon watches, kept in line with files and interfaces. */
export interface Supervisor {
  /** Looks at files and interfaces again, at once. Settles when that is done. */
  refresh(force: boolean): Promise<void>;
  peers(): readonly WatchedPeer[];
  /** Who keeps that interface now, or null. */
  keeper(interfaceName: string): InterfaceKeeper | null;
  close(): Promise<void>;
}

/** What a supervisor needs. */
export interface SupervisorOptions {
  readonly inventory: InventoryReader;
  readonly state: StateKeeper;
  readonly pauses: Pauses;
  readonly guests: Guests;
  readonly runtimeDirectory: string;
  readonly log: Log;
  readonly phase: number;
}

/** Interfaces and peers that come or change are seen within this time without anybody saying so. */
const refreshMs = 3_000;
const tickMs = 1_000;

/** Starts watching. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { log, state } = options;
  const keepers = new Map<string, InterfaceKeeper>();
  /** The kernel's number that an interface had when it was last seen. */
  const keptIndexes = new Map<string, number | null>();
  const saidRefusals = new Map<string, string>();
  let refreshing: Promise<void> | null = null;
  /** The look after the one under way, which may have read its files already. */
  let next: Promise<void> | null = null;
  let closed = false;
  let clocks: ClockReading | null = null;
  const names: NameBook = createNameBook({ lastKnownGood: state.names(), onAnswer });
  const timers = [
    setInterval(() => void refresh(false), refreshMs),
    setInterval(() => void watchClocks(), tickMs),
  ];

  function onAnswer(name: string): void {
    const entry = names.get(name);
    if (entry?.answeredAtMs != null && !entry.failing)
      state.setName(name, [...entry.addresses[6], ...entry.addresses[4]]);
    if (entry?.failing)
      log.info('name-failed', { message: `${name}: no address, or the DNS server did not answer`, name });
    for (const peer of allPeers()) if (namesOf(peer.managed).includes(name)) offer(peer);
  }

  function offer(peer: WatchedPeer): void {
    const own = localAddresses().map((local) => local.address);
    const { interface: name, publicKey, sources } = peer.managed;
    const lastGood = state.peer(name, publicKey)?.lastGood ?? null;
    peer.offer(peerCandidates(sources, (host) => names.get(host), own, lastGood));
  }

  function allPeers(): WatchedPeer[] {
    return [...keepers.values()].flatMap((keeper) => keeper.peers());
  }

  function refresh(force: boolean): Promise<void> {
    if (refreshing && force) {
      next ??= refreshing.then(() => {
        next = null;
        return refresh(true);
      });
      return next;
    }
    refreshing ??= look(force).finally(() => {
      refreshing = null;
    });
    return refreshing;
  }

  async function look(force: boolean): Promise<void> {
    if (closed) return;
    try {
      await recoverPeers(options.runtimeDirectory, log);
      const inventory = await options.inventory.read(force);
      remember(allPeers());
      if (!closed) await apply(inventory);
    } catch (error) {
      // What is watched is watched on, and the next look may go better.
      log.error('bug', { message: `this is a bug of wg-reach, please report it: ${String(error)}` });
    }
  }

  async function apply({ decision, facts, indexes }: Inventory): Promise<void> {
    const byInterface = new Map<string, ManagedPeer[]>();
    for (const peer of decision.managed) {
      const others = byInterface.get(peer.interface);
      if (others) others.push(peer);
      else byInterface.set(peer.interface, [peer]);
    }
    for (const [name, keeper] of keepers) {
      const index = indexes.get(name) ?? null;
      const before = keptIndexes.get(name) ?? index;
      keptIndexes.set(name, index ?? before);
      const isAnother = index !== null && index !== before;
      if (byInterface.has(name) && !isAnother) continue;
      const message = isAnother ? 'deleted and made again: begun anew' : 'nothing to watch here any more';
      log.info('interface-left', { interface: name, message });
      remember(keeper.peers());
      keepers.delete(name);
      keptIndexes.delete(name);
      await options.guests.leave(name);
      await keeper.close();
    }
    for (const [name, managed] of byInterface) {
      const interfaceFacts = facts.get(name);
      if (!interfaceFacts) continue;
      const keeper = keepers.get(name) ?? (await begin(name, interfaceFacts));
      if (!keeper) continue;
      if (!keptIndexes.has(name)) keptIndexes.set(name, indexes.get(name) ?? null);
      const known = new Set(keeper.peers());
      keeper.update(
        managed.filter((peer) => !options.guests.has(peer)),
        interfaceFacts,
      );
      for (const peer of keeper.peers()) if (!known.has(peer)) welcome(peer);
    }
    names.keepOnly(new Set(decision.managed.flatMap(namesOf)));
  }

  /** What would be of use after a restart. A failed trial is worth no write: where nothing works, there is one a minute. */
  function remember(peers: readonly WatchedPeer[]): void {
    for (const { managed, snapshot } of peers) {
      const before = state.peer(managed.interface, managed.publicKey);
      const now = rememberWatch(before, snapshot(), Date.now(), performance.now());
      const offered = JSON.stringify(now.failback) !== JSON.stringify(before?.failback);
      state.setPeer(managed.interface, managed.publicKey, now, offered ? 'a-write' : 'no-write');
    }
  }

  function welcome(peer: WatchedPeer): void {
    const { interface: name, publicKey } = peer.managed;
    log.info('watching', {
      interface: name,
      publicKey,
      message: `watching this peer (${peer.managed.profile})`,
    });
    // In the same turn of the loop as its start, so that nothing was done yet.
    if (options.pauses.of(peer.managed) !== null) peer.dispatch({ type: 'pause' });
    for (const host of namesOf(peer.managed)) names.refresh(host);
    offer(peer);
  }

  async function begin(
    name: string,
    facts: Parameters<typeof keepInterface>[0]['facts'],
  ): Promise<InterfaceKeeper | null> {
    const kept = await keepInterface({
      interface: name,
      facts,
      runtimeDirectory: options.runtimeDirectory,
      log,
      phase: options.phase,
      remembered: (interfaceName, publicKey) => state.peer(interfaceName, publicKey),
      onGood: ({ interface: interfaceName, publicKey }, endpoint) => {
        state.setPeer(interfaceName, publicKey, {
          ...state.peer(interfaceName, publicKey),
          lastGood: endpoint,
        });
      },
      onResolve: (peer) => {
        for (const host of namesOf(peer)) names.refresh(host);
      },
      onGone: () => void refresh(false),
    });
    if ('kind' in kept) {
      if (saidRefusals.get(name) !== kept.detail)
        log.warning('interface-refused', { interface: name, message: kept.detail });
      saidRefusals.set(name, kept.detail);
      return null;
    }
    saidRefusals.delete(name);
    keepers.set(name, kept);
    return kept;
  }

  /** A suspend or a clock that was set makes everything known of paths doubtful; it does not declare death. */
  async function watchClocks(): Promise<void> {
    const now = await readClocks();
    const event = clocks === null ? null : compareClocks(clocks, now, tickMs);
    clocks = now;
    if (event === null) return;
    log.info('clocks', {
      message: `stalled ${Math.round(event.stalledMs)} ms, slept ${Math.round(event.suspendedMs)} ms, clock set by ${Math.round(event.steppedMs)} ms`,
    });
    const news: WatchEvent = event.suspendedMs > 0 ? { type: 'network-changed' } : { type: 'stalled' };
    for (const peer of allPeers()) peer.dispatch(news);
  }

  return {
    refresh,
    peers: allPeers,
    keeper: (interfaceName) => keepers.get(interfaceName) ?? null,
    async close() {
      closed = true;
      for (const timer of timers) clearInterval(timer);
      names.close();
      await refreshing?.catch(() => {});
      remember(allPeers());
      await options.guests.leave();
      await Promise.all([...keepers.values()].map((keeper) => keeper.close()));
      keepers.clear();
    },
  };
}

function namesOf(peer: ManagedPeer): string[] {
  return peer.sources.flatMap(({ host }) => (host.kind === 'name' ? [host.name] : []));
}
