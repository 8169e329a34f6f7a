import * as v from 'valibot';
import type { Preference } from '../core/candidate.ts';
import { ours } from '../core/constants.ts';
import { parseAddress } from '../wireguard/address.ts';
import { parseInterfaceName } from '../wireguard/interface-name.ts';
import { parsePublicKey } from '../wireguard/key.ts';
import { parsePrefix, prefixContains } from '../wireguard/prefix.ts';
import { parseDurationMs } from './config-duration.ts';
import { type ConfigEndpoint, endpointForms, parseConfigEndpoint } from './config-endpoint.ts';
import { kindOfValue, quoteValue } from './config-text.ts';

/** How often an idle tunnel is tested. */
export type Profile = 'fast' | 'balanced' | 'metered';

/**
 * Whether a dead tunnel's candidates are asked by handshakes with the interface's own key, and a session that only we
 * still have is reset.
 */
export type HandshakeProbe = 'auto' | 'off';

/** Whether, and how soon, a peer goes back to a candidate that the user likes better. */
export type Failback = { readonly kind: 'never' } | { readonly kind: 'after'; readonly intervalMs: number };

/** The profiles, as written. */
const profiles = ['fast', 'balanced', 'metered'] as const satisfies readonly Profile[];

/** The ways of probing by handshake, as written. */
const handshakeProbes = ['auto', 'off'] as const satisfies readonly HandshakeProbe[];

/** The preferences, as written. */
const preferences = ['ipv6', 'ipv4', 'listed'] as const satisfies readonly Preference[];

/** Sooner than this a path that comes and goes would be followed each time. */
const minFailbackMs = 60_000;
/** Who wants to wait for more than a week means "never". */
const maxFailbackMs = 7 * 86_400_000;

/** As many as are looked for without configuration: each costs an echo until one is known to answer. */
const maxTunnelTargets = 4;

/** What a parser of one value makes of it. `reason` goes on after the value: `is …; expected …`. */
type Read<Value> =
  | { readonly kind: 'ok'; readonly value: Value }
  | { readonly kind: 'invalid'; readonly reason: string };

/** A text that `read` turns into what the program works with. */
function text<Value>(expected: string, read: (written: string) => Read<Value>) {
  return v.pipe(
    v.string((issue) => `is ${kindOfValue(issue.input)}; expected ${expected}`),
    v.rawTransform<string, Value>(({ dataset, addIssue, NEVER }) => {
      const result = read(dataset.value);
      if (result.kind === 'ok') return result.value;
      addIssue({ message: result.reason });
      return NEVER;
    }),
  );
}

function choice<const Options extends readonly string[]>(options: Options) {
  const quoted = options.map((option) => `"${option}"`);
  const expected = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`;
  return v.picklist(options, (issue) => `is ${kindOfValue(issue.input)}; expected ${expected}`);
}

const interfaceName = text('the name of an interface, such as "wg0"', (written): Read<string> => {
  const parsed = parseInterfaceName(written);
  if (parsed.kind === 'ok') return { kind: 'ok', value: parsed.name };
  return {
    kind: 'invalid',
    reason: `is ${quoteValue(written)}, which no interface can have: ${parsed.reason}`,
  };
});

const publicKey = text("a peer's public key as 'wg show' prints it", (written): Read<string> => {
  const parsed = parsePublicKey(written);
  if (parsed.kind === 'ok') return { kind: 'ok', value: parsed.key };
  return { kind: 'invalid', reason: `is no WireGuard key: ${parsed.reason}` };
});

const endpoint = text(endpointForms, (written): Read<ConfigEndpoint> => {
  const parsed = parseConfigEndpoint(written);
  if (parsed.kind !== 'invalid') return { kind: 'ok', value: parsed };
  return { kind: 'invalid', reason: `has ${quoteValue(written)}, which ${parsed.reason}` };
});

const endpoints = v.pipe(
  v.array(
    endpoint,
    (issue) => `is ${kindOfValue(issue.input)}; expected a list such as ["file", "vpn.example:443"]`,
  ),
  v.minLength(
    1,
    'is an empty list; leave it out to use what the file says, or write "manage = false" to leave the peer alone',
  ),
  v.maxLength(
    ours.maxCandidates,
    `has more than ${ours.maxCandidates} entries; no peer gets more candidates`,
  ),
);

const failback = text('a duration such as "10m", or "never"', (written): Read<Failback> => {
  if (written === 'never') return { kind: 'ok', value: { kind: 'never' } };
  const intervalMs = parseDurationMs(written);
  if (intervalMs !== null && intervalMs >= minFailbackMs && intervalMs <= maxFailbackMs) {
    return { kind: 'ok', value: { kind: 'after', intervalMs } };
  }
  const expected = 'expected "never" or a duration from "1m" to "7d", such as "90s", "10m", "6h" or "1d"';
  return { kind: 'invalid', reason: `is ${quoteValue(written)}; ${expected}` };
});

const tunnelTarget = text('an IP address of the peer inside the tunnel', (written): Read<string> => {
  const parsed = parseAddress(written);
  const reason = parsed === null ? reasonForNoTarget(written) : reasonAgainstTarget(parsed.address);
  if (parsed !== null && reason === null) return { kind: 'ok', value: parsed.address };
  return { kind: 'invalid', reason: `has ${quoteValue(written)}, which ${reason ?? 'is no IP address'}` };
});

function reasonForNoTarget(written: string): string {
  return parsePrefix(written) === null
    ? 'is no IP address'
    : 'is an address with a mask; write the address alone';
}

/** Addresses that never are one host behind a tunnel, or that would need a zone besides. */
const noTargets = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '::/127', 'fe80::/10', 'ff00::/8'];

function reasonAgainstTarget(address: string): string | null {
  const target = parsePrefix(address);
  // Only a link-local address may have a zone.
  if (target === null) return 'is a link-local address; name another one of the peer';
  const isExcluded = noTargets.some((network) => {
    const prefix = parsePrefix(network);
    return prefix !== null && prefixContains(prefix, target.family, target.addressValue);
  });
  return isExcluded ? 'is no address that one host behind a tunnel can be asked at' : null;
}

const tunnelTargetList = v.pipe(
  v.array(tunnelTarget),
  v.minLength(1, 'is an empty list; leave it out to let the targets be found'),
  v.maxLength(maxTunnelTargets, `has more than ${maxTunnelTargets} addresses; each costs an echo`),
);

/** Not a union: its error would not say which of a list's addresses is wrong. */
const tunnelTargets = v.lazy(
  (input): v.GenericSchema<unknown, string | string[]> =>
    Array.isArray(input) ? tunnelTargetList : tunnelTarget,
);

/** What may stand in `[defaults]` and, for one peer, in `[[peer]]`. */
const settings = {
  profile: v.optional(choice(profiles)),
  prefer: v.optional(choice(preferences)),
  failback: v.optional(failback),
  handshake_probe: v.optional(choice(handshakeProbes)),
};

/** `[defaults]`. */
export const defaultsSchema = v.strictObject(settings);

/** One `[[peer]]`. */
export const peerSchema = v.strictObject({
  interface: v.optional(interfaceName),
  public_key: publicKey,
  endpoints: v.optional(endpoints),
  tunnel_target: v.optional(tunnelTargets),
  manage: v.optional(v.boolean((issue) => `is ${kindOfValue(issue.input)}; expected true or false`)),
  ...settings,
});

/** Refuses what the schema alone takes for a table without keys: lists and dates. */
function table<const Schema extends v.GenericSchema>(heading: string, schema: Schema) {
  return v.pipe(
    v.custom<v.InferInput<Schema>>(
      (input) =>
        typeof input === 'object' && input !== null && !Array.isArray(input) && !(input instanceof Date),
      (issue) => `is ${kindOfValue(issue.input)}; expected a table under ${heading}`,
    ),
    schema,
  );
}

/**
 * A whole configuration file, with what the program works with as output. Unknown keys are errors. Messages go on
 * after the name of the key; `describeIssue` makes sentences of them.
 */
export const configSchema = v.strictObject({
  defaults: v.optional(table('[defaults]', defaultsSchema)),
  peer: v.optional(
    v.array(
      table('[[peer]]', peerSchema),
      (issue) => `is ${kindOfValue(issue.input)}; write [[peer]], with two pairs of brackets`,
    ),
  ),
});

/** What `configSchema` makes of a file. */
export type ConfigDocument = v.InferOutput<typeof configSchema>;

/** One thing that `configSchema` found wrong. */
export type ConfigIssue = v.InferIssue<typeof configSchema>;
