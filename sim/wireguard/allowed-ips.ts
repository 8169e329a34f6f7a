import { type Prefix, parsePrefix, prefixContains } from '../../src/wireguard/prefix.ts';

/** Which peer owns which inner address: the one with the longest matching prefix. */
export interface AllowedIps<Owner> {
  /** Gives the owner these prefixes and takes them from anybody else; what it had before is gone. */
  replace(owner: Owner, prefixes: readonly string[]): void;
  remove(owner: Owner): void;
  find(address: string): Owner | null;
  of(owner: Owner): readonly string[];
}

/** Makes an empty table. A text that is no prefix is a bug in the world and throws. */
export function createAllowedIps<Owner>(): AllowedIps<Owner> {
  let entries: { readonly prefix: Prefix; readonly owner: Owner }[] = [];
  const known = new Map<string, Owner | null>();

  const remove = (owner: Owner): void => {
    entries = entries.filter((entry) => entry.owner !== owner);
    known.clear();
  };

  const search = (address: string): Owner | null => {
    const parsed = read(address);
    let best: (typeof entries)[number] | null = null;
    for (const entry of entries) {
      if (!prefixContains(entry.prefix, parsed.family, parsed.addressValue)) continue;
      if (best === null || entry.prefix.length > best.prefix.length) best = entry;
    }
    return best?.owner ?? null;
  };

  return {
    replace(owner, prefixes) {
      remove(owner);
      for (const prefix of prefixes.map(read)) {
        entries = entries.filter((entry) => !isSame(entry.prefix, prefix));
        entries.push({ prefix, owner });
      }
    },
    remove,
    find(address) {
      let owner = known.get(address);
      if (owner === undefined) {
        owner = search(address);
        known.set(address, owner);
      }
      return owner;
    },
    of: (owner) =>
      entries
        .filter((entry) => entry.owner === owner)
        .map(({ prefix }) => `${prefix.address}/${prefix.length}`),
  };
}

function isSame(one: Prefix, other: Prefix): boolean {
  return one.family === other.family && one.length === other.length && one.firstValue === other.firstValue;
}

function read(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`${text} is no prefix`);
  return prefix;
}
