import type { PeerFacts } from '../wireguard/facts.ts';
import { applySettings, type Config, type Defaults } from './config.ts';
import type { ConfigPeer, Place } from './config-file.ts';
import { type LeftAlone, type Written, whyAbsent, whyLeft } from './config-left.ts';
import { type FileEndpoint, fileEndpoint, listSources, type PlacedSource } from './config-sources.ts';
import { createTargetCheck } from './config-targets.ts';
import type { WgQuickDirectory } from './wg-quick.ts';
import type { WgQuickPeer } from './wg-quick-file.ts';

/** What is known about the host. */
export interface ManagedInput {
  readonly wgQuick: WgQuickDirectory;
  readonly config: Config;
  /** The interfaces of our own network namespace that exist now, by name, with their peers by public key. */
  readonly live: ReadonlyMap<string, { readonly peers: ReadonlyMap<string, PeerFacts> }>;
}

/** A peer to be kept on an endpoint that works, with the settings that hold for it. */
export interface ManagedPeer extends Defaults {
  readonly interface: string;
  readonly publicKey: string;
  /** Where it may be, in the user's order. Never empty. */
  readonly sources: readonly PlacedSource[];
  /** AllowedIPs as written in its file, where they may name the peer's own inner address; empty if unknown. */
  readonly allowedIpsWritten: readonly string[];
  /** The inner addresses the user set for echoes, as far as the interface sends them to this peer. */
  readonly tunnelTargets: readonly string[];
  /** Whether the profile was set for this peer by name, and not by the defaults. */
  readonly profileExplicit: boolean;
  /** As the interface has it now; 0 if off. */
  readonly persistentKeepaliveS: number;
}

/** Every peer that is known from anywhere is in exactly one of `managed` and `left`. */
export interface ManagedDecision {
  readonly managed: readonly ManagedPeer[];
  readonly left: readonly LeftAlone[];
  /** Sentences for people about files and settings that do not do what they seem to. */
  readonly warnings: readonly string[];
}

/**
 * Decides which peers are managed: those that exist, have a host name in their wg-quick file or `endpoints` in the
 * configuration, and are not excluded by `manage = false`. A `[[peer]]` with an interface counts before one without;
 * the two are not mixed. Pure: no I/O, the same answer for the same input.
 */
export function decideManaged({ wgQuick, config, live }: ManagedInput): ManagedDecision {
  const managed: ManagedPeer[] = [];
  const left: LeftAlone[] = [];
  const warnings = fileWarnings(wgQuick);
  const listed = listByPeer(wgQuick);
  const findWritten = createLookup(listed, config.peers);
  for (const [interfaceName, { peers }] of live) {
    const isTarget = createTargetCheck(peers);
    for (const [publicKey, facts] of peers) {
      const identity = { interface: interfaceName, publicKey };
      const written = findWritten(interfaceName, publicKey);
      const inFile = fileEndpoint(written.listings);
      const sources = listSources(written.configured, inFile);
      if (written.configured?.manage === false || sources.length === 0) {
        left.push({ ...identity, ...whyLeft(written, inFile) });
        continue;
      }
      const targets = splitTargets(written.configured, (address) => isTarget(publicKey, address));
      warnings.push(
        ...sourceWarnings(interfaceName, written, inFile),
        ...targets.unused.map((target) => unusedTarget(target, interfaceName, publicKey)),
      );
      managed.push({
        ...identity,
        ...settingsOf(config, written.configured),
        sources,
        // Where a peer is listed twice, the later list replaces the earlier one for `wg`, too.
        allowedIpsWritten: written.listings.at(-1)?.allowedIps ?? [],
        tunnelTargets: targets.used,
        persistentKeepaliveS: facts.persistentKeepaliveS,
      });
    }
  }
  left.push(...findAbsent({ listed, config, live }, findWritten));
  return { managed, left, warnings };
}

/** The listings of each peer, by interface and public key. */
type Listed = ReadonlyMap<string, ReadonlyMap<string, readonly WgQuickPeer[]>>;

type FindWritten = (interfaceName: string, publicKey: string) => Written;

function createLookup(listed: Listed, configured: readonly ConfigPeer[]): FindWritten {
  const byName = new Map(configured.map((peer) => [nameOf(peer.interface, peer.publicKey), peer]));
  return (interfaceName, publicKey) => ({
    listings: listed.get(interfaceName)?.get(publicKey) ?? [],
    configured: byName.get(nameOf(interfaceName, publicKey)) ?? byName.get(nameOf(null, publicKey)) ?? null,
  });
}

function settingsOf(config: Config, configured: ConfigPeer | null) {
  if (configured === null) return { ...config.defaults, profileExplicit: false };
  return {
    ...applySettings(config.defaults, configured),
    profileExplicit: configured.profile !== null,
  };
}

/** The peers that are written somewhere, but that no interface has. */
function findAbsent(
  { listed, config, live }: { listed: Listed } & Pick<ManagedInput, 'config' | 'live'>,
  findWritten: FindWritten,
): LeftAlone[] {
  const left: LeftAlone[] = [];
  /** By interface and key, and by key alone, which is enough for a `[[peer]]` without an interface. */
  const known = new Set<string>();
  const remember = (interfaceName: string, publicKey: string): void => {
    known.add(nameOf(interfaceName, publicKey)).add(nameOf(null, publicKey));
  };
  const leave = (interfaceName: string | null, publicKey: string, written: Written): void => {
    const isUp = interfaceName === null || live.has(interfaceName);
    left.push({ interface: interfaceName, publicKey, ...whyAbsent(interfaceName, isUp, written) });
    if (interfaceName !== null) remember(interfaceName, publicKey);
  };

  for (const [interfaceName, { peers }] of live) {
    for (const publicKey of peers.keys()) remember(interfaceName, publicKey);
  }
  for (const [interfaceName, peers] of listed) {
    for (const publicKey of peers.keys()) {
      if (known.has(nameOf(interfaceName, publicKey))) continue;
      leave(interfaceName, publicKey, findWritten(interfaceName, publicKey));
    }
  }
  const specific = config.peers.filter((peer) => peer.interface !== null);
  const general = config.peers.filter((peer) => peer.interface === null);
  for (const peer of [...specific, ...general]) {
    if (known.has(nameOf(peer.interface, peer.publicKey))) continue;
    leave(peer.interface, peer.publicKey, { listings: [], configured: peer });
  }
  return left;
}

/** No interface has an empty name. */
function nameOf(interfaceName: string | null, publicKey: string): string {
  return `${interfaceName ?? ''} ${publicKey}`;
}

function listByPeer(wgQuick: WgQuickDirectory): Listed {
  const byInterface = new Map<string, Map<string, WgQuickPeer[]>>();
  for (const file of wgQuick.kind === 'ok' ? wgQuick.files : []) {
    const byKey = byInterface.get(file.interface) ?? new Map<string, WgQuickPeer[]>();
    byInterface.set(file.interface, byKey);
    for (const peer of file.peers) {
      const listings = byKey.get(peer.publicKey);
      if (listings) listings.push(peer);
      else byKey.set(peer.publicKey, [peer]);
    }
  }
  return byInterface;
}

interface PlacedTarget {
  readonly address: string;
  readonly place: Place;
}

function splitTargets(configured: ConfigPeer | null, isTarget: (address: string) => boolean) {
  const used: string[] = [];
  const unused: PlacedTarget[] = [];
  for (const address of configured?.tunnelTargets ?? []) {
    if (isTarget(address)) used.push(address);
    else if (configured) unused.push({ address, place: configured.place });
  }
  return { used, unused };
}

function unusedTarget({ address, place }: PlacedTarget, interfaceName: string, publicKey: string): string {
  return (
    `${at(place)}the tunnel target ${address} is not used, since ${interfaceName} does not send it to the peer ` +
    `${publicKey}; add it to the peer's AllowedIPs or name another address`
  );
}

function fileWarnings(wgQuick: WgQuickDirectory): string[] {
  if (wgQuick.kind === 'missing') return [];
  if (wgQuick.kind === 'unreadable') return [`${wgQuick.directory} cannot be read: ${wgQuick.reason}`];
  return [
    ...wgQuick.unreadable.map(({ file, reason }) => `${file} cannot be read: ${reason}`),
    ...wgQuick.files.flatMap(({ problems }) => problems).map((problem) => `${at(problem)}${problem.reason}`),
  ];
}

/** Says where the sources of a managed peer are fewer than what is written seems to say. */
function sourceWarnings(
  interfaceName: string,
  { configured, listings }: Written,
  inFile: FileEndpoint,
): string[] {
  const warnings: string[] = [];
  const fileEntry = configured?.endpoints?.find(({ kind }) => kind === 'file');
  if (fileEntry !== undefined && inFile.kind !== 'one') {
    const why = inFile.kind === 'none' ? 'has no endpoint' : 'has different endpoints';
    warnings.push(
      `${at(fileEntry.place)}"file" adds nothing, since the file of ${interfaceName} ${why} for this peer`,
    );
  }
  const [first, second] = listings;
  if (first !== undefined && second !== undefined) {
    warnings.push(`${at(second)}this peer is listed already in line ${first.line}; make one [Peer] of them`);
  }
  return warnings;
}

/** `/etc/wg-reach.toml:3: `. */
function at({ file, line }: Place): string {
  return `${file}:${line}: `;
}
