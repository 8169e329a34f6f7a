import type { PeerFacts } from '../wireguard/facts.ts';
import { type Prefix, parsePrefix, prefixContains } from '../wireguard/prefix.ts';

/** Whether the interface sends packets for `address` to the peer. */
export type TargetCheck = (publicKey: string, address: string) => boolean;

/**
 * Answers, for one interface as it is now, whether an inner address belongs to a peer: the longest allowed IP
 * that holds it decides. An echo to any other address would test another peer, or nothing.
 */
export function createTargetCheck(peers: ReadonlyMap<string, PeerFacts>): TargetCheck {
  let owners: readonly { readonly publicKey: string; readonly prefix: Prefix }[] | null = null;
  const readOwners = () =>
    [...peers].flatMap(([publicKey, { allowedIps }]) =>
      allowedIps.flatMap((text) => {
        const prefix = parsePrefix(text);
        return prefix === null ? [] : [{ publicKey, prefix }];
      }),
    );

  return (publicKey, address) => {
    const target = parsePrefix(address);
    if (target === null) return false;
    // Most configurations have no targets at all: nothing is read for them.
    owners ??= readOwners();
    const owner = owners
      .filter(({ prefix }) => prefixContains(prefix, target.family, target.addressValue))
      .reduce<{ key: string; length: number } | null>(
        (best, { publicKey: key, prefix: { length } }) =>
          best === null || length > best.length ? { key, length } : best,
        null,
      );
    return owner?.key === publicKey;
  };
}
