import { parseHost } from '../resolve/host-name.ts';
import { parsePort, splitHostPort } from '../wireguard/endpoint.ts';
import { parseNumberOrOff } from '../wireguard/facts.ts';
import { parsePublicKey } from '../wireguard/key.ts';
import { parsePrefix } from '../wireguard/prefix.ts';
import { type IniEntry, type IniSection, parseIni } from './ini.ts';

/** One `[Peer]` of a wg-quick file. */
export interface WgQuickPeer {
  readonly publicKey: string;
  /** As written, a name or a literal address without its brackets; null if the peer has none. */
  readonly endpoint: { readonly host: string; readonly port: number } | null;
  /** As written, in order. `172.25.1.1/24` names the peer's own address; `wg` masks it away. */
  readonly allowedIps: readonly string[];
  /** 0 if off or not given. */
  readonly persistentKeepaliveS: number;
  readonly file: string;
  /** The line of its `[Peer]`. */
  readonly line: number;
}

/** A line, or a peer, that was left out. `reason` is one sentence for people and never quotes the file. */
export interface WgQuickProblem {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** One wg-quick file without its secrets. */
export interface WgQuickFile {
  readonly file: string;
  readonly interface: string;
  /** True if wg-quick writes the running state back to the file when the interface goes down. */
  readonly saveConfig: boolean;
  /** With their masks, as written. */
  readonly interfaceAddresses: readonly string[];
  /** Null if not given: then the port is random. */
  readonly listenPort: number | null;
  /** 0 for off; null if not given: wg-quick chooses one for a full tunnel. */
  readonly fwMark: number | null;
  readonly peers: readonly WgQuickPeer[];
  readonly problems: readonly WgQuickProblem[];
}

/** Lower case, as wg and wg-quick ignore case. Values of all other keys, keys and hooks, are not even kept. */
const keptKeys: ReadonlySet<string> = new Set([
  'address',
  'allowedips',
  'endpoint',
  'fwmark',
  'listenport',
  'persistentkeepalive',
  'publickey',
  'saveconfig',
]);

/** Understands the text of a wg-quick file by the rules of `wg` and `wg-quick`. Never throws. */
export function parseWgQuick(
  text: string,
  from: { readonly file: string; readonly interfaceName: string },
): WgQuickFile {
  const { file } = from;
  const ini = parseIni(text, {
    commentMarks: ['#'],
    inlineCommentMark: '#',
    keepValue: (_section, key) => keptKeys.has(key.toLowerCase()),
  });
  const problems: WgQuickProblem[] = ini.problems.map((problem) => ({ file, ...problem }));
  const report = (line: number, reason: string): null => {
    problems.push({ file, line, reason });
    return null;
  };
  const settings: InterfaceSettings = {
    saveConfig: false,
    interfaceAddresses: [],
    listenPort: null,
    fwMark: null,
  };
  const peers: WgQuickPeer[] = [];
  for (const section of ini.sections) {
    switch (section.name.toLowerCase()) {
      case 'interface':
        readInterface(section, settings, report);
        break;
      case 'peer': {
        const peer = readPeer(section, file, report);
        if (peer !== null) peers.push(peer);
        break;
      }
      default:
        if (section.name !== '' || section.entries.length > 0) {
          report(section.line, 'it is in no [Interface] or [Peer] section');
        }
    }
  }
  problems.sort((one, other) => one.line - other.line);
  return { file, interface: from.interfaceName, ...settings, peers, problems };
}

interface InterfaceSettings {
  saveConfig: boolean;
  interfaceAddresses: string[];
  listenPort: number | null;
  fwMark: number | null;
}

type Report = (line: number, reason: string) => null;

function readInterface(section: IniSection, settings: InterfaceSettings, report: Report): void {
  for (const { key, value, line } of kept(section)) {
    switch (key) {
      case 'address':
        settings.interfaceAddresses.push(...readPrefixes(value, 'Address', line, report));
        break;
      case 'saveconfig':
        settings.saveConfig = value === 'true';
        break;
      case 'listenport': {
        const port = value === '0' ? 0 : parsePort(value);
        settings.listenPort = port ?? report(line, 'ListenPort is not a number from 0 to 65535');
        break;
      }
      case 'fwmark':
        settings.fwMark = parseNumberOrOff(value) ?? report(line, 'FwMark is neither "off" nor a number');
        break;
    }
  }
}

function readPeer(section: IniSection, file: string, report: Report): WgQuickPeer | null {
  let publicKey: string | null = null;
  let endpoint: WgQuickPeer['endpoint'] = null;
  let persistentKeepaliveS = 0;
  const allowedIps: string[] = [];
  for (const { key, value, line } of kept(section)) {
    switch (key) {
      case 'publickey': {
        const parsed = parsePublicKey(value);
        if (parsed.kind === 'invalid') {
          return report(line, `the peer is left out, since its PublicKey is none: ${parsed.reason}`);
        }
        publicKey = parsed.key;
        break;
      }
      case 'endpoint': {
        const read = readEndpoint(value);
        if ('reason' in read) return report(line, `the peer is left out, since its Endpoint ${read.reason}`);
        endpoint = read;
        break;
      }
      case 'allowedips':
        allowedIps.push(...readPrefixes(value, 'AllowedIPs', line, report));
        break;
      case 'persistentkeepalive':
        persistentKeepaliveS =
          parseNumberOrOff(value) ?? report(line, 'PersistentKeepalive is neither "off" nor a number') ?? 0;
        break;
    }
  }
  if (publicKey === null) return report(section.line, 'the peer is left out, since it has no PublicKey');
  return { publicKey, endpoint, allowedIps, persistentKeepaliveS, file, line: section.line };
}

/** The entries whose values were kept, without white space, as `wg` removes it even inside values. */
function kept(
  section: IniSection,
): { readonly key: string; readonly value: string; readonly line: number }[] {
  return section.entries.flatMap(({ key, value, line }: IniEntry) =>
    value === null ? [] : [{ key: key.toLowerCase(), value: spaceless(key, value), line }],
  );
}

function spaceless(key: string, value: string): string {
  // wg-quick also takes white space between addresses, beside the comma.
  return key.toLowerCase() === 'address' ? value.replace(/\s+/g, ',') : value.replace(/\s+/g, '');
}

function readPrefixes(list: string, key: string, line: number, report: Report): string[] {
  return list.split(',').filter((part) => {
    if (part === '') return false;
    if (parsePrefix(part) !== null) return true;
    report(line, `one of ${key} is not an IP address with an optional mask`);
    return false;
  });
}

function readEndpoint(value: string): { host: string; port: number } | { reason: string } {
  const parts = splitHostPort(value);
  if (parts === null) return { reason: 'is not "host:port"' };
  const port = parsePort(parts.port);
  if (port === null) return { reason: 'has no port from 1 to 65535' };
  const host = parseHost(parts.host);
  if (host.kind === 'invalid') return { reason: `has no usable host: ${host.reason}` };
  return { host: parts.host, port };
}
