import { type Profile, profiles } from '../src/core/profile.ts';
import { type FaultName, faultNames, wrongHosts } from './faults.ts';
import type { Random } from './random.ts';
import { tunnelAddresses } from './tunnel.ts';
import type { Implementation } from './wireguard/protocol.ts';

/** Everything about one world that is drawn by lot; printable. */
export interface Swarm {
  readonly profile: Profile['name'];
  readonly implementation: Implementation;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossRate: number;
  readonly keepaliveS: number;
  readonly serverKeepaliveS: number;
  /** What the person does with the tunnel. */
  readonly traffic: 'none' | 'pings' | 'requests' | 'one-way';
  /** The server sends data of its own accord. */
  readonly serverTalks: boolean;
  readonly inside: 'answers' | 'silent';
  /** On the paths of one family (or of none) packets longer than this vanish; handshakes and echoes are shorter. */
  readonly mtu: { readonly family: 4 | 6; readonly bytes: number } | null;
  readonly bothEnds: boolean;
  readonly nat: boolean;
  readonly dnsCaches: boolean;
  readonly published: readonly string[];
  /** An address of somebody else that is published, too, and answers pings; or null. */
  readonly wrongHost: string | null;
  readonly startsOn: string;
  /** The name servers are dead for the first ten minutes. */
  readonly startsWithoutDns: boolean;
  readonly ownAddressAllowed: boolean;
  readonly faults: readonly FaultName[];
  readonly meanBetweenFaultsMs: number;
  readonly meanFaultMs: number;
  /** After ten faults or so, nothing new happens for about this long. */
  readonly meanCalmMs: number;
  readonly faultsForMs: number;
  /** Other peers that the same program manages: on the same interface, and each on one of its own. */
  readonly neighbours: { readonly sameInterface: number; readonly otherInterface: number };
  /** What is left when the faults have stopped. */
  readonly left: 'any' | 'only-last' | 'only-last-known-good' | 'only-after-resolution';
}

const alone = { sameInterface: 0, otherInterface: 0 } as const;
const neighbourhoods = [
  ...new Array<typeof alone>(11).fill(alone),
  { sameInterface: 1, otherInterface: 0 },
  { sameInterface: 0, otherInterface: 1 },
  { sameInterface: 2, otherInterface: 1 },
] as const;

/** Draws a world. Each of them has its own choice of faults, so that rare combinations come up. */
export function drawSwarm(random: Random): Swarm {
  const [a, b, c, v6] = tunnelAddresses.server;
  const published = random.pick([[v6, a], [v6, a], [v6, a, b], [a, v6], [a, b], [v6, a, b, c], [a]]);
  const bothEnds = random.chance(0.15);
  const some = random.between(0.1, 0.6);
  const drawn: Swarm = {
    profile: random.pick(Object.values(profiles)).name,
    implementation: random.pick(['kernel', 'wireguard-go']),
    delayMs: random.pick([2, 10, 10, 60, 140]),
    jitterMs: random.pick([0, 0, 5, 50]),
    lossRate: random.pick([0, 0, 0, 0.005, 0.02]),
    keepaliveS: random.pick([25, 25, 15, 5, 0]),
    serverKeepaliveS: random.pick([0, 0, 0, 25]),
    traffic: random.pick(['none', 'none', 'pings', 'requests', 'one-way']),
    serverTalks: random.chance(0.15),
    inside: random.chance(0.75) ? 'answers' : 'silent',
    bothEnds,
    nat: !bothEnds && random.chance(0.3),
    dnsCaches: random.chance(0.3),
    published,
    wrongHost: random.chance(0.2) ? random.pick(wrongHosts) : null,
    startsOn: random.chance(0.8) ? random.pick(published) : random.pick(tunnelAddresses.server),
    startsWithoutDns: random.chance(0.15),
    ownAddressAllowed: random.chance(0.2),
    faults: faultNames.filter((name) => name !== 'contested-trial' && random.chance(some)),
    meanBetweenFaultsMs: random.pick([60_000, 300_000, 900_000]),
    meanFaultMs: random.pick([5_000, 40_000, 300_000]),
    meanCalmMs: random.pick([1_200_000, 3_600_000, 7_200_000]),
    faultsForMs: 24 * 3_600_000,
    left: random.pick(['any', 'only-last', 'only-last-known-good', 'only-after-resolution']),
    mtu: random.chance(0.2) ? { family: random.pick([4, 6]), bytes: random.pick([1_280, 1_400]) } : null,
    neighbours: random.pick(neighbourhoods),
  };
  // Aims at one transition that nothing else makes; too strange for every world.
  return random.chance(0.25) ? { ...drawn, faults: [...drawn.faults, 'contested-trial'] } : drawn;
}

/** The lot of the world that a seed's generator makes. */
export function worldSwarm(seeded: Random): Swarm {
  return drawSwarm(seeded.split('world').split('swarm'));
}
