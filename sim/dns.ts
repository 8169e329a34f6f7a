import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** One address of a name. */
export interface DnsRecord {
  readonly address: string;
  readonly ttlS: number;
}

/** What a look-up ends with. */
export type DnsAnswer =
  /** Never empty; in random order, as servers rotate. */
  | { readonly kind: 'records'; readonly records: readonly DnsRecord[] }
  /** The name is there, but has no address of this family. */
  | { readonly kind: 'no-address' }
  | { readonly kind: 'no-such-name' }
  | { readonly kind: 'server-failure' }
  | { readonly kind: 'timed-out' };

/** How the servers of a name (or all of them) behave. */
export type DnsHealth =
  | { readonly kind: 'well' }
  /** No answer at all: the asker gives up after its own time. */
  | { readonly kind: 'dead' }
  | { readonly kind: 'fails' }
  /** Answers come that much later. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Says that there is no such name. */
  | { readonly kind: 'denies' }
  /** Gives these addresses instead of the right ones (captive portal, hijacked name). */
  | { readonly kind: 'lies'; readonly addresses: readonly string[] };

/** The name servers of a world, with one resolver before them. */
export interface Dns {
  /** Publishes these addresses for a name, both families, in place of the former ones; they apply at once. */
  publish(name: string, addresses: readonly string[], ttlS?: number): void;
  /** The name is no more. */
  withdraw(name: string): void;
  /** Changes the servers' behaviour for one name, or for all that have none of their own (`*`). */
  setHealth(name: string, health: DnsHealth): void;
  /**
   * Asks for one family; the answer comes later through `onAnswer`, exactly once. `timeoutMs`: when the asker gives
   * up. What the resolver has cached may be as old as its TTL; the TTL told is what is left of it.
   */
  lookUp(
    request: { readonly name: string; readonly family: 4 | 6; readonly timeoutMs: number },
    onAnswer: (answer: DnsAnswer) => void,
  ): void;
  /** How many look-ups were made. */
  lookUps(): number;
  /** The resolver forgets what it knows. */
  flush(): void;
}

/** A few hops to the resolver and from there to the name's servers. */
const usualDelayMs = { cached: 2, asked: 30 } as const;

/** Makes servers that know no names. `caches`: whether a resolver with a cache stands before them. */
export function createDns(options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly caches: boolean;
}): Dns {
  const { clock } = options;
  const random = options.random.split('dns');
  const names = new Map<string, readonly DnsRecord[]>();
  const healths = new Map<string, DnsHealth>();
  const cache = new Map<
    string,
    { readonly answer: DnsAnswer; readonly askedAtMs: number; readonly ttlS: number }
  >();
  let lookUps = 0;

  const truth = (name: string, family: 4 | 6): DnsAnswer => {
    const records = names.get(name);
    if (!records) return { kind: 'no-such-name' };
    return shuffled(records, family);
  };

  const shuffled = (records: readonly DnsRecord[], family: 4 | 6): DnsAnswer => {
    const left = records.filter((record) => record.address.includes(':') === (family === 6));
    const mixed: DnsRecord[] = [];
    while (left.length > 0) mixed.push(...left.splice(random.integer(left.length), 1));
    return mixed.length === 0 ? { kind: 'no-address' } : { kind: 'records', records: mixed };
  };

  const ask = (name: string, family: 4 | 6, health: DnsHealth): DnsAnswer => {
    if (health.kind === 'fails') return { kind: 'server-failure' };
    if (health.kind === 'denies') return { kind: 'no-such-name' };
    if (health.kind === 'lies') {
      return shuffled(
        health.addresses.map((address) => ({ address, ttlS: 30 })),
        family,
      );
    }
    return truth(name, family);
  };

  const fromCache = (key: string): DnsAnswer | null => {
    const entry = cache.get(key);
    if (!entry) return null;
    const leftS = entry.ttlS - (clock.nowMs() - entry.askedAtMs) / 1000;
    if (leftS <= 0) return null;
    if (entry.answer.kind !== 'records') return entry.answer;
    const records = entry.answer.records.map((record) => ({ ...record, ttlS: Math.ceil(leftS) }));
    return { kind: 'records', records };
  };

  const remember = (key: string, answer: DnsAnswer): void => {
    if (!options.caches || answer.kind === 'server-failure') return;
    // RFC 2308: a resolver keeps "no" for a while, too; short, so that a new record shows.
    const ttlS = answer.kind === 'records' ? Math.min(...answer.records.map((record) => record.ttlS)) : 10;
    cache.set(key, { answer, askedAtMs: clock.nowMs(), ttlS });
  };

  return {
    publish(name, addresses, ttlS = 60) {
      names.set(
        name,
        addresses.map((address) => ({ address, ttlS })),
      );
    },
    withdraw: (name) => {
      names.delete(name);
    },
    setHealth: (name, health) => {
      healths.set(name, health);
    },
    lookUp({ name, family, timeoutMs }, onAnswer) {
      lookUps++;
      const key = `${name} ${family}`;
      const cached = fromCache(key);
      if (cached) {
        clock.after(usualDelayMs.cached, onAnswer, cached);
        return;
      }
      const health = healths.get(name) ?? healths.get('*') ?? { kind: 'well' };
      const delayMs =
        health.kind === 'dead'
          ? Number.POSITIVE_INFINITY
          : usualDelayMs.asked * (0.5 + random.next()) + (health.kind === 'slow' ? health.delayMs : 0);
      if (delayMs >= timeoutMs) {
        clock.after(timeoutMs, onAnswer, { kind: 'timed-out' });
        return;
      }
      const arrive = (answer: DnsAnswer): void => {
        remember(key, answer);
        onAnswer(answer);
      };
      clock.after(delayMs, arrive, ask(name, family, health));
    },
    lookUps: () => lookUps,
    flush: () => cache.clear(),
  };
}
