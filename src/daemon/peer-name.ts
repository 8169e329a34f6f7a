/** What a peer is known by for as long as the host is up: its interface's name and its public key. */
export interface PeerName {
  readonly interface: string;
  readonly publicKey: string;
}

/** Which peers are meant; what is left out matches all. */
export type PeerSelection = { readonly [Part in keyof PeerName]?: PeerName[Part] };

/** Whether a peer is one of those that are meant. */
export function isMeant(peer: PeerName, selection: PeerSelection): boolean {
  return (
    (selection.interface === undefined || peer.interface === selection.interface) &&
    (selection.publicKey === undefined || peer.publicKey === selection.publicKey)
  );
}
