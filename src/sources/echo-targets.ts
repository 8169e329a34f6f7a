import { type Prefix, parsePrefix, prefixContains, valueToAddress } from '../wireguard/prefix.ts';

/** An inner address worth an echo request through the tunnel. */
export interface EchoTarget {
  readonly address: string;
  /** Why this address, for people. */
  readonly reason: string;
  /** True if nothing says that a host has this address: its silence means nothing until it has answered once. */
  readonly guess: boolean;
}

/** What is known about the peer, the other peers of its interface, and this host. */
export interface EchoTargetInput {
  /** AllowedIPs as written in the file; empty if no file is known. */
  readonly allowedIpsWritten: readonly string[];
  /** Allowed IPs as the interface has them now. They decide who owns an address. */
  readonly allowedIpsLive: readonly string[];
  /** The live allowed IPs of each other peer of the interface. */
  readonly otherPeers: readonly (readonly string[])[];
  /**
   * Every address of this host, which answers itself. Those of the interface itself come with their masks
   * (`172.25.1.2/24`): the mask tells the inner subnet. All others come without.
   */
  readonly ownAddresses: readonly string[];
}

/** Each target costs an echo; the first that answers is kept. */
const maxTargets = 4;

/** The longest prefixes whose first address is by custom a router or server, and not one of thousands. */
const minGuessLength = { 4: 16, 6: 48 } as const;

/**
 * The inner addresses at which the peer may answer an echo, best first, at most four: host addresses written
 * with a mask, then single addresses, then, if there is none of these, guesses.
 *
 * Never one of our own addresses (we would answer ourselves), never one that the interface sends to another
 * peer or to nobody, and never one that is no single host.
 */
export function echoTargets(input: EchoTargetInput): readonly EchoTarget[] {
  const written = parseAll(input.allowedIpsWritten);
  const live = parseAll(input.allowedIpsLive);
  const others = input.otherPeers.flatMap(parseAll);
  const own = parseAll(input.ownAddresses);
  const inner = own.filter((prefix) => !isSingle(prefix));
  const networks = [...written, ...live, ...inner];

  const isUsable = (family: 4 | 6, value: bigint): boolean =>
    isHostAddress(family, value) &&
    !own.some((prefix) => prefix.family === family && prefix.addressValue === value) &&
    !networks.some((network) => isEdge(network, family, value)) &&
    longestMatch(live, family, value) > longestMatch(others, family, value);

  const targets = new Map<string, EchoTarget>();
  const add = (family: 4 | 6, value: bigint, reason: string, guess: boolean): boolean => {
    if (!isUsable(family, value)) return false;
    const address = valueToAddress(family, value);
    if (!targets.has(address)) targets.set(address, { address, reason, guess });
    return true;
  };

  for (const prefix of written.filter((candidate) => !isSingle(candidate))) {
    if (prefix.addressValue === prefix.firstValue) continue;
    const reason = `the file has ${prefix.address}/${prefix.length} in AllowedIPs`;
    add(prefix.family, prefix.addressValue, reason, false);
  }
  for (const prefix of [...written, ...live].filter(isSingle)) {
    add(prefix.family, prefix.addressValue, `${prefix.address} alone is one of the allowed IPs`, false);
  }
  if (targets.size === 0) {
    for (const prefix of [...inner, ...written, ...live].filter(isSmall)) {
      const first = isPair(prefix) ? prefix.firstValue : prefix.firstValue + 1n;
      const network = `${valueToAddress(prefix.family, prefix.firstValue)}/${prefix.length}`;
      // The second address where the first is our own.
      [first, first + 1n].some((value) =>
        add(prefix.family, value, `a guess: among the first addresses of ${network}`, true),
      );
    }
  }
  return [...targets.values()].slice(0, maxTargets);
}

/**
 * Each peer's targets depend on the allowed IPs of all others: with a thousand peers each prefix is wanted a thousand
 * times, and parsing them again took seconds.
 */
const parsed = new Map<string, Prefix | null>();
const maxParsed = 20_000;

function parseAll(texts: readonly string[]): Prefix[] {
  if (parsed.size > maxParsed) parsed.clear();
  const prefixes: Prefix[] = [];
  for (const text of texts) {
    let prefix = parsed.get(text);
    if (prefix === undefined) {
      prefix = parsePrefix(text);
      parsed.set(text, prefix);
    }
    if (prefix !== null) prefixes.push(prefix);
  }
  return prefixes;
}

function isSingle(prefix: Prefix): boolean {
  return prefix.firstValue === prefix.lastValue;
}

/** /31 and /127 have two hosts and neither a network nor a broadcast address (RFC 3021, RFC 6164). */
function isPair(prefix: Prefix): boolean {
  return prefix.lastValue - prefix.firstValue === 1n;
}

function isSmall(prefix: Prefix): boolean {
  return !isSingle(prefix) && prefix.length >= minGuessLength[prefix.family];
}

/** The network address (in IPv6: of any router), or IPv4's broadcast address, of a network of several hosts. */
function isEdge(network: Prefix, family: 4 | 6, value: bigint): boolean {
  if (network.family !== family || isSingle(network) || isPair(network)) return false;
  return value === network.firstValue || (family === 4 && value === network.lastValue);
}

/** The length of the longest prefix that holds the address; -1 if none does. */
function longestMatch(prefixes: readonly Prefix[], family: 4 | 6, value: bigint): number {
  return prefixes.reduce(
    (longest, prefix) => (prefixContains(prefix, family, value) ? Math.max(longest, prefix.length) : longest),
    -1,
  );
}

/** Addresses that are never one host behind a tunnel. Link-local ones would need a zone besides. */
const notHosts: readonly Prefix[] = parseAll([
  '0.0.0.0/8',
  '127.0.0.0/8',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/127',
  'fe80::/10',
  'ff00::/8',
]);

function isHostAddress(family: 4 | 6, value: bigint): boolean {
  return !notHosts.some((prefix) => prefixContains(prefix, family, value));
}
