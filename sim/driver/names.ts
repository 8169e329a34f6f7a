import type { Candidate } from '../../src/core/candidate.ts';
import type { Clock } from '../clock.ts';
import type { Dns } from '../dns.ts';
import { endpointText } from '../tunnel.ts';

/** The names of one peer, looked up as the daemon's name book does: no name twice within 5 s, and each 5 minutes. */
export interface Names {
  /** Asks again, now or as soon as 5 s have passed since the last time. */
  refresh(): void;
  /** All that is known, in the order of the names; `settled` once each name was answered or has failed. */
  known(): { readonly candidates: readonly Candidate[]; readonly settled: boolean };
}

/** What the names are, and who is told. */
export interface NamesOptions {
  readonly clock: Clock;
  readonly dns: Dns;
  readonly names: readonly string[];
  readonly port: number;
  /** Addresses from an earlier run, for the first name. */
  readonly lastKnownGood: readonly string[];
  /** Called after each look-up. */
  readonly onAnswer: () => void;
}

const leastIntervalMs = 5_000;
const refreshMs = 300_000;
const giveUpMs = 15_000;

interface Entry {
  readonly name: string;
  readonly addresses: Map<4 | 6, readonly string[]>;
  answered: boolean;
  startedAtMs: number;
  /** Families of the look-up under way that have not answered. */
  awaited: number;
  /** A later plan replaces an earlier one. */
  plan: number;
}

/** Makes a book; nothing is asked before `refresh`. */
export function createNames(options: NamesOptions): Names {
  const { clock, dns, port } = options;
  const entries: Entry[] = options.names.map((name) => ({
    name,
    addresses: new Map(),
    answered: false,
    startedAtMs: Number.NEGATIVE_INFINITY,
    awaited: 0,
    plan: 0,
  }));
  const first = entries[0];
  for (const family of [6, 4] as const) {
    first?.addresses.set(
      family,
      options.lastKnownGood.filter((address) => address.includes(':') === (family === 6)),
    );
  }

  const lookUp = (entry: Entry): void => {
    if (entry.awaited > 0) return;
    const waitMs = entry.startedAtMs + leastIntervalMs - clock.nowMs();
    if (waitMs > 0) return plan(entry, waitMs);
    entry.startedAtMs = clock.nowMs();
    entry.awaited = 2;
    for (const family of [6, 4] as const) {
      dns.lookUp({ name: entry.name, family, timeoutMs: giveUpMs }, (answer) => {
        // A family without an answer keeps what it had.
        if (answer.kind === 'records')
          entry.addresses.set(
            family,
            answer.records.map((record) => record.address),
          );
        if (--entry.awaited > 0) return;
        entry.answered = true;
        plan(entry, refreshMs);
        options.onAnswer();
      });
    }
  };
  const plan = (entry: Entry, afterMs: number): void => {
    const number = ++entry.plan;
    clock.after(afterMs, () => number === entry.plan && lookUp(entry), undefined);
  };

  return {
    refresh() {
      for (const entry of entries) lookUp(entry);
    },
    known() {
      const found = new Map<string, Candidate>();
      entries.forEach((entry, nameIndex) => {
        const addresses = [...(entry.addresses.get(6) ?? []), ...(entry.addresses.get(4) ?? [])];
        addresses.forEach((address, listIndex) => {
          const endpoint = endpointText(address, port);
          if (!found.has(endpoint))
            found.set(endpoint, { endpoint, source: `dns:${entry.name}`, nameIndex, listIndex });
        });
      });
      const settled = found.size > 0 || entries.every((entry) => entry.answered);
      return { candidates: [...found.values()], settled };
    },
  };
}
