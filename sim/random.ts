/** A generator of random numbers that depends on nothing but its seed. For statistics, never for secrets. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number from 0 to `below` - 1. */
  integer(below: number): number;
  /** A number in [low, high). */
  between(low: number, high: number): number;
  /** True with this probability; draws nothing when the answer is certain. */
  chance(probability: number): boolean;
  /** A number of an exponential distribution with this mean. */
  exponential(mean: number): number;
  /** One of the items; throws a RangeError if there is none. */
  pick<Item>(items: readonly Item[]): Item;
  /**
   * A generator of its own, which depends on this one's seed and the label but not on how many numbers were drawn:
   * a new user of randomness in one corner changes nothing in another.
   */
  split(label: string): Random;
}

/** Makes a generator (sfc32: period about 2^127, passes PractRand). The same seed gives the same numbers for ever. */
export function createRandom(seed: number): Random {
  return fromWords(seed >>> 0, Math.floor(seed / 4_294_967_296) >>> 0);
}

function fromWords(low: number, high: number): Random {
  let a = low;
  let b = high;
  let c = 0x9e3779b9;
  let counter = 1;

  const word = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  // The first words still show the seed.
  for (let round = 0; round < 12; round++) word();

  const next = (): number => word() / 4_294_967_296;
  const integer = (below: number): number => Math.floor(next() * below);

  return {
    next,
    integer,
    between: (from, to) => from + (to - from) * next(),
    chance: (probability) => probability > 0 && (probability >= 1 || next() < probability),
    exponential: (mean) => -mean * Math.log(1 - next()),
    pick(items) {
      if (items.length === 0) throw new RangeError('nothing to pick from');
      return items[integer(items.length)] as (typeof items)[number];
    },
    split: (label) => fromWords(hashText(label, low), hashText(label, high ^ 0x5bd1e995)),
  };
}

/** FNV-1a over the characters, then a final mix, so that labels differing in one letter give unrelated seeds. */
function hashText(text: string, seed: number): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
