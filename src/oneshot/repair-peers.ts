import os from 'node:os';
import type { InterfaceEffects } from '../effects/interface-effects.ts';
import { isLinkUp } from '../host/link.ts';
import { echoTargets } from '../sources/echo-targets.ts';
import type { PeerState, State } from '../store/state.ts';
import { type InterfaceFacts, readFacts } from '../wireguard/facts.ts';
import { repairPeer } from './repair-peer.ts';
import type { PeerRequest, PeerResult, RunOptions, RunReport } from './request.ts';

/** Some peers of an interface whose writes are in the caller's hands. */
export interface RepairPeersRequest {
  readonly interface: string;
  readonly facts: InterfaceFacts;
  readonly effects: InterfaceEffects;
  readonly peers: readonly PeerRequest[];
  readonly run: RunOptions;
  readonly remembered: (publicKey: string) => PeerState | undefined;
  readonly onFact: RunReport['fact'];
  /** Aborting it ends the run early; whatever is on trial is put back first. */
  readonly signal: AbortSignal;
}

/** What became of the peers, and what the next run should know, by `<interface> <public key>`. */
export interface RepairedPeers {
  readonly results: PeerResult[];
  readonly learned: State['peers'];
}

/**
 * Looks after some peers of one interface, all at the same time, and every peer gets a result. Whoever calls it holds
 * the interface's lock, and nobody else looks after these peers meanwhile.
 */
export async function repairPeers(request: RepairPeersRequest): Promise<RepairedPeers> {
  const { facts } = request;
  const learned: Record<string, PeerState> = {};
  const results = await Promise.all(
    request.peers.map(async (peer): Promise<PeerResult> => {
      const live = facts.peers.get(peer.publicKey);
      if (!live) {
        const known =
          facts.peers.size === 0
            ? 'it has no peers'
            : facts.peers.size === 1
              ? 'its only peer is another one'
              : `it has ${facts.peers.size} others`;
        const detail = `${request.interface} has no peer ${peer.publicKey} (${known}); see: wg show ${request.interface} peers`;
        return { kind: 'refused', publicKey: peer.publicKey, detail };
      }
      const { result, state: lesson } = await repairPeer({
        request: peer,
        run: request.run,
        effects: request.effects,
        echoTargets: targetsOf(request.interface, peer, facts),
        remembered: request.remembered(peer.publicKey),
        signal: request.signal,
        onFact: (fact) => request.onFact(peer.publicKey, fact),
      });
      learned[`${request.interface} ${peer.publicKey}`] = lesson;
      return result;
    }),
  );
  return { results, learned };
}

/** The settings of an interface on which something can be done; `refused` with the reason for every other one. */
export async function readUsable(
  interfaceName: string,
  toolTimeoutMs: number,
): Promise<InterfaceFacts | { readonly kind: 'refused'; readonly detail: string }> {
  const [facts, up] = await Promise.all([
    readFacts(interfaceName, { timeoutMs: toolTimeoutMs }),
    isLinkUp(interfaceName, { timeoutMs: toolTimeoutMs }),
  ]);
  if (facts.kind !== 'ok') return { kind: 'refused', detail: facts.detail };
  if (up !== false) return facts;
  return {
    kind: 'refused',
    detail: `${interfaceName} is down, so nothing can pass; bring it up: ip link set ${interfaceName} up`,
  };
}

function targetsOf(interfaceName: string, peer: PeerRequest, facts: InterfaceFacts): string[] {
  const own = Object.entries(os.networkInterfaces()).flatMap(([device, addresses]) =>
    (addresses ?? []).map(({ address, cidr }) => (device === interfaceName ? (cidr ?? address) : address)),
  );
  const targets = echoTargets({
    allowedIpsWritten: peer.allowedIpsWritten,
    allowedIpsLive: facts.peers.get(peer.publicKey)?.allowedIps ?? [],
    otherPeers: [...facts.peers]
      .filter(([key]) => key !== peer.publicKey)
      .map(([, other]) => other.allowedIps),
    ownAddresses: own,
  });
  return targets.map((target) => target.address);
}
