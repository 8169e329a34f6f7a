import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, LabOptions, Namespace } from '../lab/index.ts';
import { createLab } from '../lab/index.ts';
import { publicKeyOf } from '../src/noise/x25519.ts';
import type { HandshakeKeys } from '../src/probe/handshake/keys.ts';
import {
  createHandshakeProber,
  type HandshakeProber,
  type HandshakeProberOptions,
} from '../src/probe/handshake/prober.ts';
import type { HandshakeVerdict } from '../src/probe/handshake/verdict.ts';
import { type Endpoint, parseEndpoint } from '../src/wireguard/endpoint.ts';
import { enterNamespace } from './namespace-entry.ts';

/** A lab whose client this process is in, with probes from there. */
export interface HandshakeScene {
  readonly lab: Lab;
  readonly endpoint: Endpoint;
  /** The secrets of the client's interface and its first peer; what is given replaces them. */
  secrets(): Promise<{ readonly privateKey: Uint8Array; readonly presharedKey: Uint8Array | null }>;
  /** A prober with the interface's own key, towards the first peer. Closed at the end. */
  prober(options?: Partial<HandshakeProberOptions>): HandshakeProber;
  /** One probe of the lab's first server, by a prober of its own unless one is given. */
  probe(options?: Partial<HandshakeProberOptions>, timeoutMs?: number): Promise<HandshakeVerdict>;
  /** What the server's WireGuard has of a peer, by default the client; null if it has none such. */
  seenByServer(publicKey?: string): Promise<PeerSeen | null>;
  close(): Promise<void>;
}

/** A peer as `wg show` prints it. */
export interface PeerSeen {
  readonly endpoint: string;
  readonly latestHandshake: number;
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** Builds the lab and enters its client. */
export async function createHandshakeScene(options: LabOptions = {}): Promise<HandshakeScene> {
  const lab = await createLab(options);
  const leave = enterNamespace(lab.client.name);
  const probers: HandshakeProber[] = [];
  const shown = async (what: string): Promise<string> => await wgShow(lab.client, lab.interface, what);
  const [privateText = '', sharedText = ''] = [
    (await shown('private-key')).trim(),
    (await shown('preshared-keys')).trim().split('\t')[1],
  ];
  const secrets = async () => ({
    privateKey: decoded(privateText),
    presharedKey: sharedText === '(none)' ? null : decoded(sharedText),
  });
  const clientKey = encoded(publicKeyOf(decoded(privateText)));
  const endpoint = parseEndpoint(lab.endpoint('v4'));
  if (endpoint === null) throw new Error('The lab has no endpoint.');

  const prober = (given: Partial<HandshakeProberOptions> = {}): HandshakeProber => {
    const keys = async (): Promise<HandshakeKeys> => ({ kind: 'ok', ...(await secrets()) });
    const made = createHandshakeProber({ peerPublicKey: decoded(lab.peerKey()), keys, ...given });
    probers.push(made);
    return made;
  };
  return {
    lab,
    endpoint,
    secrets,
    prober,
    async probe(given, timeoutMs = 3_000) {
      // Out of the way of initiations by others with the same key.
      await sleep(60);
      return prober(given).probe(endpoint, { timeoutMs });
    },
    async seenByServer(publicKey = clientKey) {
      const server = lab.server();
      const lines = (await wgShow(server, server.interface, 'dump')).trim().split('\n').slice(1);
      const found = lines.map((line) => line.split('\t')).find(([key]) => key === publicKey);
      if (found === undefined) return null;
      const [, , seen = '', , handshake, rx, tx] = found;
      return {
        endpoint: seen,
        latestHandshake: Number(handshake),
        rxBytes: Number(rx),
        txBytes: Number(tx),
      };
    },
    async close() {
      for (const each of probers) each.close();
      leave();
      await lab.close();
    },
  };
}

/** A key as `wg` writes it, in raw bytes. */
export function decoded(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

/** The reverse. */
export function encoded(key: Uint8Array): string {
  return Buffer.from(key).toString('base64');
}

async function wgShow(machine: Namespace, interfaceName: string, what: string): Promise<string> {
  const { code, stdout, stderr } = await machine.exec(['wg', 'show', interfaceName, what]);
  if (code !== 0) throw new Error(`wg show ${interfaceName} ${what}: ${stderr}`);
  return stdout;
}
