import ipaddr from 'ipaddr.js';
import type { Daemon } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import type { Direction, PathCounts, Reply, Request, WireRule, WireTable } from './forwarder/protocol.ts';
import type { Namespace } from './namespace.ts';
import { programPath } from './programs.ts';

/**
 * What happens to some packets on their way through the router. A field left out matches every packet.
 * Only what is forwarded is touched: never neighbour discovery, and never name look-ups (see `lab.dns`).
 */
export interface PathRule {
  readonly family?: 4 | 6;
  /** An address or a network at either end, the client's or the server's. */
  readonly address?: string;
  /** 'up' is from the client to the servers, 'down' the way back. Default: both. */
  readonly direction?: Direction;
  readonly protocol?: 'udp' | 'tcp' | 'icmp';
  /** UDP or TCP port at either end. */
  readonly port?: number;
  /** Matches IP packets longer than this, header included: a path with a smaller MTU that says nothing. */
  readonly largerThanBytes?: number;
  /** One way. Default: the lab's. */
  readonly delayMs?: number;
  /** The delay varies evenly by up to this much in both directions. Default: the lab's. */
  readonly jitterMs?: number;
  /** Share of the packets lost at random, 0 to 100. */
  readonly lossPercent?: number;
  /** A black hole: the client hears nothing. */
  readonly drop?: boolean;
}

/**
 * The path between the client and the servers, changed while packets flow. Each call resolves when it is in
 * force.
 */
export interface LabPath {
  /** These rules instead of all earlier ones; of several that match a packet, the first decides. */
  set(...rules: readonly PathRule[]): Promise<void>;
  /** One more rule, ahead of the others. Returns what takes it away again. */
  add(rule: PathRule): Promise<() => Promise<void>>;
  /** No rules: every packet takes the default delay. Packets already lost stay lost. */
  clear(): Promise<void>;
  /** The delay, one way, of packets that no rule gives another. */
  setDefault(delay: { readonly delayMs: number; readonly jitterMs?: number }): Promise<void>;
  /** Packets seen so far. */
  counts(): Promise<PathCounts>;
}

/** The path, and what only the lab itself needs of it. */
export interface PathControl extends LabPath {
  /** To be called once, when the TUN devices exist. */
  attach(): Promise<void>;
  /** Delay of name look-ups on their way to the DNS server; null loses them. */
  setDnsDelay(delayMs: number | null): Promise<void>;
}

const replyTimeoutMs = 60_000;
const protocolNumbers = { udp: [17], tcp: [6], icmp: [1, 58] };

/**
 * Starts the forwarder in the router's namespace. `delayMs`, `jitterMs`: defaults, one way. Same seed, same
 * losses.
 */
export async function startPath(
  router: Namespace,
  defaults: { readonly delayMs: number; readonly jitterMs: number; readonly seed: number },
): Promise<PathControl> {
  const program = await programPath('forwarder');
  const ask = requester(startDaemon(router, [process.execPath, program, String(defaults.seed)]));
  let rules: readonly PathRule[] = [];
  let base = { delayMs: defaults.delayMs, jitterMs: defaults.jitterMs };
  let dnsDelayMs: number | null = 0;

  const table = (): WireTable => ({ ...base, rules: rules.map(wireRule), dnsDelayMs });
  const send = async (kind: 'attach' | 'table') => {
    await ask((seq) => ({ kind, seq, table: table() }));
  };
  const replace = async (next: readonly PathRule[]) => {
    for (const rule of next) check(rule);
    rules = next;
    await send('table');
  };

  return {
    attach: () => send('attach'),
    set: (...next) => replace(next),
    add: async (rule) => {
      await replace([rule, ...rules]);
      return () => replace(rules.filter((each) => each !== rule));
    },
    clear: () => replace([]),
    setDefault: async ({ delayMs, jitterMs = 0 }) => {
      base = { delayMs, jitterMs };
      await send('table');
    },
    setDnsDelay: async (delayMs) => {
      dnsDelayMs = delayMs;
      await send('table');
    },
    counts: async () => (await ask((seq) => ({ kind: 'count', seq }))).counts,
  };
}

function check(rule: PathRule): void {
  const { lossPercent = 0, delayMs = 0, jitterMs = 0 } = rule;
  if (!(lossPercent >= 0 && lossPercent <= 100))
    throw new Error(`lossPercent is ${lossPercent}, not 0 to 100.`);
  if (!(delayMs >= 0 && jitterMs >= 0)) throw new Error('delayMs and jitterMs of a rule must be 0 or more.');
  prefixOf(rule.address);
}

function wireRule(rule: PathRule): WireRule {
  return {
    family: rule.family ?? null,
    prefix: prefixOf(rule.address),
    direction: rule.direction ?? null,
    protocols: rule.protocol === undefined ? null : protocolNumbers[rule.protocol],
    port: rule.port ?? null,
    largerThanBytes: rule.largerThanBytes ?? null,
    delayMs: rule.delayMs ?? null,
    jitterMs: rule.jitterMs ?? null,
    lossPercent: rule.lossPercent ?? 0,
    drop: rule.drop ?? false,
  };
}

function prefixOf(address: string | undefined): WireRule['prefix'] {
  if (address === undefined) return null;
  if (ipaddr.isValid(address)) {
    const bytes = ipaddr.parse(address).toByteArray();
    return { bytes, bits: bytes.length * 8 };
  }
  if (!ipaddr.isValidCIDR(address)) throw new Error(`"${address}" is neither an IP address nor a network.`);
  const [network, bits] = ipaddr.parseCIDR(address);
  return { bytes: network.toByteArray(), bits };
}

/** Sends requests to the forwarder and matches its replies by number. */
function requester(daemon: Daemon): (build: (seq: number) => Request) => Promise<Reply> {
  const waiting = new Map<number, (reply: Reply) => void>();
  let sent = 0;
  let unread = '';
  daemon.child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unread + text).split('\n');
    unread = lines.pop() ?? '';
    for (const line of lines) {
      const reply: Reply = JSON.parse(line);
      waiting.get(reply.seq)?.(reply);
    }
  });
  return (build) => {
    sent += 1;
    const seq = sent;
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        waiting.delete(seq);
        daemon.child.off('exit', fail);
      };
      const fail = () => {
        settle();
        reject(new Error(daemon.ended() ?? 'The forwarder of the lab did not answer in time.'));
      };
      const timer = setTimeout(fail, replyTimeoutMs);
      daemon.child.once('exit', fail);
      waiting.set(seq, (reply) => {
        settle();
        resolve(reply);
      });
      if (daemon.ended() === null) daemon.child.stdin.write(`${JSON.stringify(build(seq))}\n`);
      else fail();
    });
  };
}
