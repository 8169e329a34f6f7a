import type { CandidateSource } from '../resolve/candidates.ts';
import { parseHost } from '../resolve/host-name.ts';
import type { ConfigPeer, Place } from './config-file.ts';
import type { WgQuickPeer } from './wg-quick-file.ts';

/** A name or address and a port at which a peer may be, and where that is written. */
export interface PlacedSource extends CandidateSource {
  readonly place: Place;
}

/** What a wg-quick file says of one peer's endpoint, which it may list more than once. */
export type FileEndpoint =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly source: PlacedSource }
  /** Listed several times, with different endpoints. `places` has each. */
  | { readonly kind: 'contradictory'; readonly places: readonly Place[] };

/** Puts together what all listings of one peer in its file say. `wg` adds them up, too. */
export function fileEndpoint(listings: readonly WgQuickPeer[]): FileEndpoint {
  const found = withoutRepetition(listings.flatMap(sourceOf));
  const [source] = found;
  if (source === undefined) return { kind: 'none' };
  if (found.length > 1) return { kind: 'contradictory', places: found.map(({ place }) => place) };
  return { kind: 'one', source };
}

function sourceOf({ endpoint, file, line }: WgQuickPeer): PlacedSource[] {
  if (endpoint === null) return [];
  const host = parseHost(endpoint.host);
  return host.kind === 'invalid' ? [] : [{ host, port: endpoint.port, place: { file, line } }];
}

/**
 * Where a peer may be found, in the user's order, without repetition: its `endpoints`, or without these the host
 * name in its file. A literal address in the file alone is no source: there is nothing else to try. Empty if the
 * peer must be left alone.
 */
export function listSources(configured: ConfigPeer | null, inFile: FileEndpoint): readonly PlacedSource[] {
  const fromFile = inFile.kind === 'one' ? [inFile.source] : [];
  const endpoints = configured?.endpoints ?? null;
  if (endpoints === null) return fromFile.filter(({ host }) => host.kind === 'name');
  return withoutRepetition(
    endpoints.flatMap((endpoint) =>
      endpoint.kind === 'file'
        ? fromFile
        : [{ host: endpoint.host, port: endpoint.port, place: endpoint.place }],
    ),
  );
}

/** `vpn.example:51820`, `[2001:db8::1]:51820`. */
export function formatSource({ host, port }: CandidateSource): string {
  if (host.kind === 'name') return `${host.name}:${port}`;
  return host.family === 6 ? `[${host.address}]:${port}` : `${host.address}:${port}`;
}

/** The first of each place counts. Names are the same in either case; addresses are canonical. */
function withoutRepetition(sources: readonly PlacedSource[]): PlacedSource[] {
  const byText = new Map<string, PlacedSource>();
  for (const source of sources) {
    const text = formatSource(source).toLowerCase();
    if (!byText.has(text)) byText.set(text, source);
  }
  return [...byText.values()];
}
