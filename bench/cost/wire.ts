import type { Lab } from '../../lab/index.ts';

const name = 'wire';
/** What a host says to its own link only, whatever runs on it. */
const linkTalk = [
  ...['nd-router-solicit', 'nd-router-advert', 'nd-neighbor-solicit', 'nd-neighbor-advert'],
  ...['mld-listener-query', 'mld-listener-report', 'mld-listener-done', 'mld2-listener-report'],
].join(', ');

/**
 * Counts what the client's uplink carries from now on: bytes of IP packets, header included, in both directions;
 * tunnel, pings and name look-ups, but no neighbour discovery. Returns what reads the counter, null if it is gone.
 */
export async function startWireCounter(lab: Lab): Promise<() => Promise<number | null>> {
  const chain = (hook: 'input' | 'output', device: 'iifname' | 'oifname') =>
    `chain ${hook} {
      type filter hook ${hook} priority -10
      ${device} "eth0" icmpv6 type { ${linkTalk} } accept
      ${device} "eth0" counter name ${name}
    }`;
  await lab.client.firewall(
    `counter ${name} {}\n${chain('input', 'iifname')}\n${chain('output', 'oifname')}`,
  );
  return async () => {
    const { stdout } = await lab.client.exec(['nft', '-j', 'list', 'counters', 'table', 'inet', 'lab']);
    return parseCounter(stdout);
  };
}

/** Finds the bytes of the counter in what `nft -j list counters` prints; null if it is not there. */
export function parseCounter(text: string): number | null {
  const entry = new RegExp(`"counter": ?\\{[^}]*"name": ?"${name}"[^}]*"bytes": ?(\\d+)`).exec(text);
  return entry?.[1] === undefined ? null : Number(entry[1]);
}
