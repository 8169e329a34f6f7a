import type { Lab } from '../lab/index.ts';

/** Packets and bytes of IP, header included. */
export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

/** One rule of the client's firewall that counts. */
export interface CountRule {
  /** The counter that it adds to; several rules may share one. */
  readonly counter: string;
  readonly direction: 'in' | 'out';
  /** What nftables is to match, without a verdict. */
  readonly match: string;
}

/** What a host says to its own link only, whatever runs on it. */
const linkTalk = [
  ...['nd-router-solicit', 'nd-router-advert', 'nd-neighbor-solicit', 'nd-neighbor-advert'],
  ...['mld-listener-query', 'mld-listener-report', 'mld-listener-done', 'mld2-listener-report'],
].join(', ');

/**
 * Counts packets of the client from now on; neighbour discovery is left out. It replaces whatever firewall the client
 * had. Returns what reads a counter, null if it is gone.
 */
export async function startCounters(
  lab: Lab,
  rules: readonly CountRule[],
): Promise<(counter: string) => Promise<Count | null>> {
  const names = [...new Set(rules.map(({ counter }) => counter))];
  const chain = (direction: 'in' | 'out', hook: 'input' | 'output') =>
    [
      `chain ${hook} {`,
      `type filter hook ${hook} priority -10`,
      `icmpv6 type { ${linkTalk} } accept`,
      ...rules
        .filter((rule) => rule.direction === direction)
        .map(({ match, counter }) => `${match} counter name ${counter}`),
      '}',
    ].join('\n');
  const counters = names.map((name) => `counter ${name} {}`);
  await lab.client.firewall([...counters, chain('in', 'input'), chain('out', 'output')].join('\n'));
  return async (counter) => {
    const { stdout } = await lab.client.exec(['nft', '-j', 'list', 'counters', 'table', 'inet', 'lab']);
    return parseCounter(stdout, counter);
  };
}

/** Finds a counter in what `nft -j list counters` prints; null if it is not there. */
export function parseCounter(text: string, name: string): Count | null {
  const entry = new RegExp(`"counter": ?\\{[^}]*"name": ?"${name}"[^}]*\\}`).exec(text)?.[0];
  const packets = /"packets": ?(\d+)/.exec(entry ?? '')?.[1];
  const bytes = /"bytes": ?(\d+)/.exec(entry ?? '')?.[1];
  return packets === undefined || bytes === undefined
    ? null
    : { packets: Number(packets), bytes: Number(bytes) };
}
