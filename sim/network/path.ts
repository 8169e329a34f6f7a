import type { Random } from '../random.ts';
import { type BurstLoss, type BurstSettings, createBurstLoss } from './burst-loss.ts';
import { type Fault, faultConcerns } from './fault.ts';

/** How one direction between two addresses behaves. */
export interface PathSettings {
  /** One way. */
  readonly delayMs: number;
  /** Up to this much is added to each packet, evenly distributed; packets of one direction keep their order. */
  readonly jitterMs: number;
  /** The part of packets that gets lost, each by itself. */
  readonly lossRate: number;
  readonly burst: BurstSettings | null;
  /** Now and then (that part of packets) the delay grows by up to `maxMs`: a busy mobile link. */
  readonly peak: { readonly rate: number; readonly maxMs: number } | null;
  /** The longest IP packet that gets through; a longer one vanishes without a word. */
  readonly mtuBytes: number;
  /** Whether fragments of a longer one get through. */
  readonly passesFragments: boolean;
}

/** A good link of 20 ms round trip, as in the lab. */
export const usualPath: PathSettings = {
  delayMs: 10,
  jitterMs: 0,
  lossRate: 0,
  burst: null,
  peak: null,
  mtuBytes: 1500,
  passesFragments: true,
};

/** One direction between two addresses, with what it remembers. */
export interface Path {
  readonly settings: PathSettings;
  readonly faults: readonly Fault[];
  readonly burst: BurstLoss | null;
  /** When the last packet arrives: none overtakes it. */
  lastArrivalMs: number;
}

/** Finds the path of a pair of addresses; settings may change at any time. */
export interface PathTable {
  find(source: string, destination: string): Path;
  /** Changes settings from `from` to `to`, each an address or `*`. The closest match counts, field by field. */
  set(from: string, to: string, settings: Partial<PathSettings>): void;
  addFault(fault: Fault): () => void;
  /** Addresses changed hands: look at every rule again. */
  refresh(): void;
}

/** Makes a table in which every path is a `usualPath`. */
export function createPathTable(options: {
  readonly random: Random;
  readonly nowMs: () => number;
  readonly hostOf: (address: string) => string | null;
}): PathTable {
  const rules = new Map<string, Partial<PathSettings>>();
  const faults = new Set<Fault>();
  const known = new Map<string, Map<string, Path>>();
  const arrivals = new Map<string, number>();

  const refresh = (): void => {
    for (const [source, paths] of known) {
      for (const [destination, path] of paths) arrivals.set(`${source} ${destination}`, path.lastArrivalMs);
    }
    known.clear();
  };

  const create = (source: string, destination: string): Path => {
    const settings: PathSettings = {
      ...usualPath,
      ...rules.get('* *'),
      ...rules.get(`* ${destination}`),
      ...rules.get(`${source} *`),
      ...rules.get(`${source} ${destination}`),
    };
    const random = options.random.split(`${source} ${destination} ${options.nowMs()}`);
    return {
      settings,
      faults: [...faults].filter((fault) => faultConcerns(fault, source, destination, options.hostOf)),
      burst: settings.burst ? createBurstLoss(settings.burst, random, options.nowMs()) : null,
      lastArrivalMs: arrivals.get(`${source} ${destination}`) ?? 0,
    };
  };

  return {
    find(source, destination) {
      let paths = known.get(source);
      if (!paths) {
        paths = new Map();
        known.set(source, paths);
      }
      let path = paths.get(destination);
      if (!path) {
        path = create(source, destination);
        paths.set(destination, path);
      }
      return path;
    },
    set(from, to, settings) {
      const key = `${from} ${to}`;
      rules.set(key, { ...rules.get(key), ...settings });
      refresh();
    },
    addFault(fault) {
      const added = { ...fault };
      faults.add(added);
      refresh();
      return () => {
        if (faults.delete(added)) refresh();
      };
    },
    refresh,
  };
}
