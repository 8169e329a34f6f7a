import { parseHost } from '../resolve/host-name.ts';
import type { WgQuickDirectory } from '../sources/wg-quick.ts';
import type { WgQuickPeer } from '../sources/wg-quick-file.ts';
import type { PeerRequest } from './request.ts';

/** A peer with a host name in a file, and the interface it belongs to. */
export interface FoundPeer {
  readonly interface: string;
  readonly request: PeerRequest;
  /** `vpn.example:51820`, as written. */
  readonly written: string;
}

/** Which peers are wanted; without anything, all. */
export interface PeerSelection {
  readonly interface: string | null;
  readonly publicKey: string | null;
}

/** What was found, and what a person should know about the files. */
export interface FoundPeers {
  readonly peers: readonly FoundPeer[];
  readonly warnings: readonly string[];
  /** Peers that match the selection but have no host name, so that nothing else can be tried for them. */
  readonly withoutName: readonly WgQuickPeer[];
}

/** Finds the peers that have a host name in the wg-quick files, matched by interface and public key. */
export function findPeers(directory: WgQuickDirectory, selection: PeerSelection): FoundPeers {
  if (directory.kind === 'missing') return { peers: [], warnings: [], withoutName: [] };
  if (directory.kind === 'unreadable') {
    return {
      peers: [],
      warnings: [`${directory.directory} cannot be read: ${directory.reason}`],
      withoutName: [],
    };
  }
  const peers: FoundPeer[] = [];
  const withoutName: WgQuickPeer[] = [];
  const warnings = directory.unreadable.map(({ file, reason }) => `${file} cannot be read: ${reason}`);
  for (const file of directory.files) {
    if (selection.interface !== null && file.interface !== selection.interface) continue;
    warnings.push(...file.problems.map((problem) => `${problem.file}:${problem.line}: ${problem.reason}`));
    for (const peer of file.peers) {
      if (selection.publicKey !== null && peer.publicKey !== selection.publicKey) continue;
      const found = asFound(file.interface, peer);
      if (!found) {
        withoutName.push(peer);
        continue;
      }
      // `wg` takes the last of several sections; two searches for one peer would fight each other.
      const twin = peers.findIndex(
        (one) => one.interface === file.interface && one.request.publicKey === peer.publicKey,
      );
      if (twin === -1) peers.push(found);
      else {
        warnings.push(`${peer.file}:${peer.line}: ${peer.publicKey} is listed twice; the last one counts`);
        peers[twin] = found;
      }
    }
  }
  return { peers, warnings, withoutName };
}

function asFound(interfaceName: string, peer: WgQuickPeer): FoundPeer | null {
  if (!peer.endpoint) return null;
  const host = parseHost(peer.endpoint.host);
  if (host.kind !== 'name') return null;
  return {
    interface: interfaceName,
    written: `${peer.endpoint.host}:${peer.endpoint.port}`,
    request: {
      publicKey: peer.publicKey,
      source: { host, port: peer.endpoint.port },
      allowedIpsWritten: peer.allowedIps,
    },
  };
}
