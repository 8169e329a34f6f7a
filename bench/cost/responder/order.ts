import type { KeyPair } from '../../../lab/keys.ts';

/** One server to be played. */
export interface PlayedServer {
  readonly keys: KeyPair;
  /** Of UDP, on all addresses of the machine. */
  readonly port: number;
  /** The IPv4 address inside the tunnel that answers echoes. */
  readonly inner: string;
}

/** What the playing process is told: one line of JSON on its standard input, since arguments are public. */
export interface ResponderOrder {
  /** Public key of the one client, base64. */
  readonly clientKey: string;
  readonly servers: readonly PlayedServer[];
}
