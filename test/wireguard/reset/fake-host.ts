import { setImmediate } from 'node:timers/promises';
import type { Dump, DumpedPeer } from '../../../src/wireguard/dump.ts';
import { formatEndpoint, parseEndpoint } from '../../../src/wireguard/endpoint.ts';
import type { ResetHost } from '../../../src/wireguard/reset/host.ts';
import type { PeerWrite } from '../../../src/wireguard/reset/peer-write.ts';
import { decodeRecord, encodeRecord } from '../../../src/wireguard/reset/record.ts';

/** A peer of the fake interface. */
export interface FakePeer {
  psk: string | null;
  endpoint: string | null;
  ips: string[];
  keepaliveS: number;
  rxBytes: number;
}

/** What goes wrong at one step. A write is a row of small changes, as wireguard-go carries them out. */
export interface Fault {
  /** How `wg` or the file system ends. */
  readonly outcome: 'ok' | 'failed' | 'timed-out';
  /** How many of a write's small changes are made, where it does not end well. */
  readonly changes: number;
  /** When they are made: now, or when the clock has gone on by so much. */
  readonly afterMs: number;
  /** Dies before or after the step. */
  readonly crash: 'no' | 'before' | 'after';
}

/** A host whose `wg`, files and clock are in memory, and fail as told. */
export interface FakeHost extends ResetHost {
  readonly peers: Map<string, FakePeer>;
  /** By path. */
  readonly files: Map<string, Buffer>;
  readonly aside: Map<string, Buffer>;
  /** The steps so far, by name. */
  readonly steps: string[];
  /** Every write, as it was asked for. */
  readonly writes: PeerWrite[];
  /** All dumps that were handed out; each must be wiped in the end. */
  readonly dumps: { readonly wiped: boolean }[];
  /** Settles when the process dies, which is when a step never ends. */
  readonly crashed: Promise<void>;
  index: number | null;
  bootId: string;
  bootMs: number;
  kind: 'known' | 'boringtun' | 'unknown';
  /** Called before each step with its name; another hand at work. */
  meddle: (step: string, count: number) => void;
  /** A new process on the same host: the files, the interface and late writes stay, faults are the ones given. */
  restart(faults: readonly Fault[]): FakeHost;
}

type Late = { atMs: number; apply: () => void };

/** Faults come in the order of the steps; after the last one everything works. */
export function fakeHost(faults: readonly Fault[] = []): FakeHost {
  return createHost(faults, {
    peers: new Map(),
    files: new Map(),
    aside: new Map(),
    late: [],
    ms: { now: 1_000_000 },
    interface: { index: 7 },
  });
}

interface World {
  readonly peers: Map<string, FakePeer>;
  readonly files: Map<string, Buffer>;
  readonly aside: Map<string, Buffer>;
  readonly late: Late[];
  readonly ms: { now: number };
  /** Null while there is no interface of the name. */
  readonly interface: { index: number | null };
}

const failed = { kind: 'failed', detail: 'as told' } as const;

function createHost(faults: readonly Fault[], world: World): FakeHost {
  const { peers, files, aside, late, ms } = world;
  let died = (): void => {};
  const crashed = new Promise<void>((resolve) => {
    died = resolve;
  });
  const queue = [...faults];
  const steps: string[] = [];

  function advance(byMs: number): void {
    ms.now += byMs;
    for (const each of [...late].sort((one, other) => one.atMs - other.atMs)) {
      if (each.atMs > ms.now) break;
      late.splice(late.indexOf(each), 1);
      each.apply();
    }
  }

  /** One step of the process: may fail, and may be the last. */
  async function step<T>(name: string, work: (fault: Fault | undefined) => T): Promise<T> {
    await setImmediate();
    advance(1);
    steps.push(name);
    host.meddle(name, steps.filter((each) => each === name).length);
    const fault = queue.shift();
    const die = (): Promise<never> => {
      died();
      return new Promise(() => {});
    };
    if (fault?.crash === 'before') return die();
    const result = work(fault);
    return fault?.crash === 'after' ? die() : result;
  }
  const isBad = (fault: Fault | undefined): boolean => fault !== undefined && fault.outcome !== 'ok';

  const host: FakeHost = {
    peers,
    files,
    aside,
    steps,
    writes: [],
    dumps: [],
    crashed,
    get index() {
      return world.interface.index;
    },
    set index(value) {
      world.interface.index = value;
    },
    bootId: 'boot',
    get bootMs() {
      return ms.now;
    },
    set bootMs(value) {
      ms.now = value;
    },
    kind: 'known',
    meddle: () => {},
    restart(next) {
      const again = createHost(next, world);
      again.bootId = host.bootId;
      return again;
    },
    journal: {
      fileOf: (interfaceName, peer) => `${interfaceName} ${peer}`,
      write: (record) =>
        step('journal.write', (fault) => {
          // The file may be there all the same, if only making it durable failed.
          if (!isBad(fault) || fault?.outcome === 'timed-out') {
            files.set(`${record.interface} ${record.peer}`, encodeRecord(record));
          }
          return isBad(fault) ? failed : { kind: 'ok' };
        }),
      read: (file) =>
        step('journal.read', () => {
          const bytes = files.get(file);
          if (bytes === undefined) return { kind: 'absent' };
          const record = decodeRecord(bytes);
          return record === null ? { kind: 'damaged', detail: 'bad' } : { kind: 'ok', record };
        }),
      remove: (file) =>
        step('journal.remove', (fault) => {
          if (isBad(fault)) return failed;
          files.delete(file);
          return { kind: 'ok' };
        }),
      setAside: (file) =>
        step('journal.setAside', () => {
          aside.set(file, files.get(file) ?? Buffer.alloc(0));
          files.delete(file);
          return { kind: 'ok', movedTo: `${file}.aside` };
        }),
      list: (interfaceName) =>
        step('journal.list', () =>
          [...files.keys()].flatMap((file) => {
            const [name = '', peer = ''] = file.split(' ');
            return name === interfaceName ? [{ file, interface: name, peer }] : [];
          }),
        ),
    },
    boot: () => step('boot', () => ({ id: host.bootId, ms: ms.now })),
    whichInterface: () =>
      step('whichInterface', () =>
        host.index === null ? { kind: 'absent' } : { kind: 'present', index: host.index },
      ),
    implementation: () => step('implementation', () => host.kind),
    readDump: () =>
      step('readDump', (fault) => {
        if (isBad(fault))
          return { kind: fault?.outcome === 'timed-out' ? 'timed-out' : 'failed', detail: 'as told' };
        if (host.index === null) return { kind: 'no-such-interface', detail: 'gone' };
        const dump = dumpOf(peers);
        host.dumps.push(dump);
        return dump;
      }),
    writePeer: (write) =>
      step('writePeer', (fault) => {
        host.writes.push(write);
        // `wg` and the kernel look the name up when they begin: what comes late is for that interface, or for none.
        const { index } = world.interface;
        const changes = changesOf(write, peers, () => index !== null && world.interface.index === index);
        if (!isBad(fault)) {
          // An orphan goes on alone, and may die on its way.
          const count = fault?.crash === 'after' ? fault.changes : changes.length;
          for (const change of changes.slice(0, count)) change();
          return { kind: 'ok' };
        }
        const apply = (): void => {
          for (const change of changes.slice(0, fault?.changes ?? 0)) change();
        };
        if (fault?.outcome === 'timed-out') late.push({ atMs: ms.now + fault.afterMs, apply });
        else apply();
        return { kind: fault?.outcome === 'timed-out' ? 'timed-out' : 'failed', detail: 'as told' };
      }),
    sleep: (sleptMs) => step('sleep', () => advance(sleptMs)),
  };
  return host;
}

/** What wireguard-go does with the lines that `wg` sends, one by one. */
function changesOf(write: PeerWrite, peers: Map<string, FakePeer>, isThere: () => boolean): (() => void)[] {
  const { record } = write;
  const secret = record.presharedKey?.toString('latin1') ?? null;
  const change = (work: (peer: FakePeer) => void) => (): void => {
    if (!isThere()) return;
    const peer = peers.get(record.peer) ?? { psk: null, endpoint: null, ips: [], keepaliveS: 0, rxBytes: 0 };
    peers.set(record.peer, peer);
    work(peer);
  };
  return [
    ...(write.mode === 'renew' ? [() => void peers.delete(record.peer)] : []),
    change((peer) => {
      if (secret !== null) peer.psk = secret;
    }),
    change((peer) => {
      if (write.withEndpoint) peer.endpoint = formatEndpoint(record.endpoint);
    }),
    change((peer) => {
      peer.keepaliveS = record.persistentKeepaliveS;
    }),
    change((peer) => {
      if (write.allowedIps.length > 0) peer.ips = [];
    }),
    ...write.allowedIps.map((prefix) =>
      change((peer) => {
        for (const other of peers.values()) other.ips = other.ips.filter((each) => each !== prefix);
        peer.ips.push(prefix);
      }),
    ),
  ];
}

function dumpOf(peers: ReadonlyMap<string, FakePeer>): Dump & { readonly wiped: boolean } {
  const secrets: Buffer[] = [];
  const dumped = new Map<string, DumpedPeer>();
  for (const [key, peer] of peers) {
    const presharedKey = peer.psk === null ? null : Buffer.from(peer.psk);
    if (presharedKey !== null) secrets.push(presharedKey);
    dumped.set(key, {
      presharedKey,
      endpoint: peer.endpoint === null ? null : parseEndpoint(peer.endpoint),
      allowedIps: [...peer.ips],
      persistentKeepaliveS: peer.keepaliveS,
      rxBytes: peer.rxBytes,
      txBytes: peer.rxBytes,
      latestHandshakeS: peer.rxBytes === 0 ? 0 : 1_795_000_000,
    });
  }
  let wiped = false;
  return {
    kind: 'ok',
    privateKey: null,
    peers: dumped,
    get wiped() {
      return wiped;
    },
    wipe() {
      wiped = true;
      for (const secret of secrets) secret.fill(0);
    },
  };
}
