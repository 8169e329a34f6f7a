import type { ConfigPeer, Place } from './config-file.ts';
import type { FileEndpoint } from './config-sources.ts';
import type { WgQuickPeer } from './wg-quick-file.ts';

/** Why a peer is left alone. */
export type LeftReason =
  /** Neither a host name nor a configured candidate. */
  | 'no-host-name'
  | 'interface-absent'
  /** The interface is there, without this peer. */
  | 'peer-absent'
  | 'manage-false'
  /** Its file lists it several times with different endpoints. */
  | 'listed-twice';

/** A peer that is not touched, and why. */
export interface LeftAlone {
  /** Null for a `[[peer]]` without an interface whose key no interface has. */
  readonly interface: string | null;
  readonly publicKey: string;
  /** Where it is written; null if it is only on the interface. */
  readonly place: Place | null;
  readonly reason: LeftReason;
  /** The reason for people, and what to do if that is not what they want. */
  readonly words: string;
}

/** All that is written about one peer. */
export interface Written {
  /** Each `[Peer]` of its file, in order; more than one is a mistake. */
  readonly listings: readonly WgQuickPeer[];
  /** The `[[peer]]` that counts for it. */
  readonly configured: ConfigPeer | null;
}

/** Where, why, and in words. */
export type Why = Pick<LeftAlone, 'place' | 'reason' | 'words'>;

/** Why a peer that exists is left alone. */
export function whyLeft(written: Written, inFile: FileEndpoint): Why {
  const { configured } = written;
  const [listing] = written.listings;
  if (configured?.manage === false) return excluded(configured);
  const place = placeOf(written);
  if (inFile.kind === 'contradictory') {
    const places = inFile.places.map(({ file, line }) => `${file}:${line}`);
    return {
      place,
      reason: 'listed-twice',
      words: `${places.join(' and ')} name different endpoints; make one [Peer] of them, or list "endpoints" in a [[peer]]`,
    };
  }
  const without = (words: string): Why => ({ place, reason: 'no-host-name', words });
  if (configured?.endpoints)
    return without('its "endpoints" has only "file", but no file has an endpoint for it');
  if (inFile.kind === 'one') {
    return without(
      'its Endpoint is an address, so there is nothing else to try; write a host name there, or list "endpoints" in a [[peer]]',
    );
  }
  if (listing !== undefined) {
    return without(
      'its [Peer] has no Endpoint, so it has to call us; to call it, list "endpoints" in a [[peer]]',
    );
  }
  return without('no wg-quick file has a [Peer] for it; to manage it, list "endpoints" in a [[peer]]');
}

/** Why a peer that is only written somewhere is left alone. */
export function whyAbsent(interfaceName: string | null, isUp: boolean, written: Written): Why {
  if (written.configured?.manage === false) return excluded(written.configured);
  const place = placeOf(written);
  if (!isUp) {
    const words = `there is no interface ${interfaceName} now; the peer is looked at again when it is up`;
    return { place, reason: 'interface-absent', words };
  }
  const who = interfaceName === null ? 'no interface' : `the interface ${interfaceName}`;
  const has = interfaceName === null ? 'has this peer now' : 'does not have this peer now';
  const words = `${who} ${has}; compare the public key with 'wg show', or add the peer with 'wg syncconf'`;
  return { place, reason: 'peer-absent', words };
}

function excluded({ place }: ConfigPeer): Why {
  return { place, reason: 'manage-false', words: 'its [[peer]] says "manage = false"' };
}

function placeOf({ listings: [listing], configured }: Written): Place | null {
  return listing === undefined ? (configured?.place ?? null) : { file: listing.file, line: listing.line };
}
