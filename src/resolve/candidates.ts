import type { Candidate } from '../core/candidate.ts';
import { ipaddr } from '../host/ipaddr.ts';
import { parseAddress } from '../wireguard/address.ts';
import { formatEndpoint, parseEndpoint } from '../wireguard/endpoint.ts';
import type { ParsedHost } from './host-name.ts';
import { resolveSystem } from './system.ts';

/** One name (or literal address) and port to be turned into candidates. */
export interface CandidateSource {
  readonly host: Exclude<ParsedHost, { kind: 'invalid' }>;
  readonly port: number;
}

/** What is known so far. `settled`: no look-up is under way any more. */
export interface ResolvedCandidates {
  readonly candidates: readonly Candidate[];
  readonly settled: boolean;
  /** Addresses that can never be a peer's endpoint, with the reason. */
  readonly dropped: readonly { readonly address: string; readonly reason: string }[];
  /** Addresses beyond what one answer may hold, which were not even looked at. */
  readonly cutOffCount: number;
}

/** How to resolve. */
export interface ResolveCandidatesOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** This host's own addresses, canonical. */
  readonly ownAddresses: readonly string[];
  /** Called whenever more is known, and at the end with `settled`. */
  readonly onChange: (resolved: ResolvedCandidates) => void;
}

/**
 * Turns a name into candidates, family by family as the answers come. A literal address is taken as the user wrote
 * it. An address out of DNS that cannot be a peer (unspecified, loopback, multicast, our own) is dropped.
 */
export async function resolveCandidates(
  source: CandidateSource,
  options: ResolveCandidatesOptions,
): Promise<void> {
  const { host, port } = source;
  if (host.kind === 'address') {
    options.onChange({
      candidates: [candidate(host.address, port, 'literal', 0)],
      settled: true,
      dropped: [],
      cutOffCount: 0,
    });
    return;
  }
  const byFamily = new Map<4 | 6, readonly string[]>();
  const dropped: { address: string; reason: string }[] = [];
  let cutOffCount = 0;

  const publish = (settled: boolean): void => {
    const addresses = [...(byFamily.get(6) ?? []), ...(byFamily.get(4) ?? [])];
    const candidates = addresses.map((address, index) => candidate(address, port, `dns:${host.name}`, index));
    options.onChange({ candidates, settled, dropped: [...dropped], cutOffCount });
  };

  await resolveSystem(host.name, {
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    onAnswer(answer) {
      if (answer.kind !== 'addresses') return;
      cutOffCount += answer.droppedCount;
      const usable: string[] = [];
      for (const address of answer.addresses) {
        const reason = unusableReason(address, options.ownAddresses);
        if (reason === null) usable.push(address);
        else dropped.push({ address, reason });
      }
      byFamily.set(answer.family, usable);
      publish(false);
    },
  });
  publish(true);
}

/** Why an address out of DNS can never be a peer's endpoint, or null if it can. */
export function unusableReason(address: string, ownAddresses: readonly string[]): string | null {
  const parsed = parseAddress(address);
  if (!parsed) return 'it is no address';
  const range: string = ipaddr.parse(parsed.address).range();
  return neverAPeer[range] ?? (ownAddresses.includes(address) ? 'it is an address of this host' : null);
}

/** Ranges of `ipaddr.js` in which no peer can be, with the reason. */
const neverAPeer: Readonly<Record<string, string>> = {
  unspecified: 'it is the unspecified address',
  loopback: 'it is a loopback address',
  multicast: 'it is a multicast address',
  broadcast: 'it is the broadcast address',
};

function candidate(address: string, port: number, source: string, listIndex: number): Candidate {
  const endpoint = parseEndpoint(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
  return {
    endpoint: endpoint ? formatEndpoint(endpoint) : `${address}:${port}`,
    source,
    nameIndex: 0,
    listIndex,
  };
}
