import { randomBytes } from 'node:crypto';
import { type Config, mergeConfig } from '../../src/sources/config.ts';
import { parseConfigFile } from '../../src/sources/config-file.ts';
import { formatSource } from '../../src/sources/config-sources.ts';
import type { ManagedDecision, ManagedInput } from '../../src/sources/managed.ts';
import type { WgQuickDirectory } from '../../src/sources/wg-quick.ts';
import { parseWgQuick } from '../../src/sources/wg-quick-file.ts';
import type { PeerFacts } from '../../src/wireguard/facts.ts';

/** A new public key. */
export const makeKey = (): string => randomBytes(32).toString('base64');
/** Three peers. */
export const [one, two, three] = [makeKey(), makeKey(), makeKey()];
/** Where the configuration is said to stand. */
export const configFile = '/etc/wg-reach.toml';

/** `wg0` to its text. */
export function wgQuick(texts: Readonly<Record<string, string>>): WgQuickDirectory {
  const files = Object.entries(texts).map(([interfaceName, text]) =>
    parseWgQuick(text, { file: `/etc/wireguard/${interfaceName}.conf`, interfaceName }),
  );
  return { kind: 'ok', files, unreadable: [] };
}

/** A configuration file's text, as configuration. */
export function config(text: string): Config {
  const merged = mergeConfig([parseConfigFile(text, configFile)]);
  if (merged.kind !== 'ok') throw new Error(JSON.stringify(merged.problems));
  return merged.config;
}

/** `wg0` to the keys of its peers, or to what it has for them. */
export function live(
  interfaces: Readonly<Record<string, readonly (string | [string, PeerFacts])[]>>,
): ManagedInput['live'] {
  return new Map(
    Object.entries(interfaces).map(([name, peers]) => {
      const facts = { allowedIps: [], persistentKeepaliveS: 0 };
      return [
        name,
        { peers: new Map(peers.map((peer) => (typeof peer === 'string' ? [peer, facts] : peer))) },
      ];
    }),
  );
}

/** What was decided, in one line for each peer. */
export function inShort({ managed, left }: ManagedDecision): string[] {
  const nameOf = (key: string) => (key === one ? 'one' : key === two ? 'two' : key === three ? 'three' : '?');
  return [
    ...managed.map(
      (peer) => `${peer.interface} ${nameOf(peer.publicKey)}: ${peer.sources.map(formatSource).join(' ')}`,
    ),
    ...left.map((peer) => `${peer.interface} ${nameOf(peer.publicKey)}: ${peer.reason}`),
  ];
}

/** A peer with a host name. */
export const named = `[Peer]\nPublicKey = ${one}\nEndpoint = vpn.example:51820\nAllowedIPs = 10.0.0.1/24\n`;
/** The same peer with an address. */
export const literal = `[Peer]\nPublicKey = ${one}\nEndpoint = 203.0.113.1:51820\n`;

/** One `[[peer]]`. */
export function peer(more: string, key = one): string {
  return `[[peer]]\npublic_key = "${key}"\n${more}\n`;
}
