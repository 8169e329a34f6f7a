import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from '../../lab/command.ts';
import type { Lab } from '../../lab/index.ts';
import { createLab } from '../../lab/index.ts';
import { generateKeyPair } from '../../lab/keys.ts';
import { startBenchDaemon, waitForUp } from '../daemon.ts';
import type { FleetPeer } from './far-side.ts';
import { farHosts, inClient, perHost, startFarSide } from './far-side.ts';
import type { CostOptions } from './one-peer.ts';
import { startPlayedSide } from './played-side.ts';
import type { Window } from './window.ts';
import { measureWindow } from './window.ts';

/**
 * What is at the far side: one process that plays all servers, or a wireguard-go for each, which keeps two cores busy
 * with a thousand processes.
 */
export type FarSide = 'played' | 'wireguard';

/** How many peers the client's interface has, and what answers. */
export interface FleetSize {
  readonly peers: number;
  readonly farSide: FarSide;
}

/** What the daemon costs with many peers on one interface. */
export interface FleetCost extends Window, FleetSize {
  /** Peers that the daemon called up at the beginning and at the end of what was measured. */
  readonly upBefore: number;
  readonly upAfter: number;
}

const firstPort = 20_000;
const firstTable = 10_000;
const network = '10.100.0.0/16';
const hostsPerNetwork = 250;
/** The most that have names of their own: two characters in base 36. */
export const fleetLimit = 36 ** 2;
/** A handshake and an echo for each, and the daemon looks after them all at once. */
const upWithinMs = 300_000;
const extraLifeMs = 900_000;

/** The peers of a fleet: the same names and numbers each time, and new keys. */
export function planFleet(lab: string, peers: number): readonly FleetPeer[] {
  if (peers > fleetLimit) throw new Error(`At most ${fleetLimit} peers, not ${peers}.`);
  return Array.from({ length: peers }, (_, index) => ({
    keys: generateKeyPair(),
    inner: `10.100.${Math.floor(index / hostsPerNetwork)}.${(index % hostsPerNetwork) + 1}`,
    port: firstPort + index,
    name: `p${index}.fleet.test`,
    device: `${lab}p${index.toString(36).padStart(2, '0')}`,
    host: Math.floor(index / perHost),
    table: firstTable + index,
  }));
}

/**
 * Many idle peers on one interface, each with its own key, name, port, inner address and keepalive. Measures the daemon
 * in `balanced`. Throws where nothing can be measured. Peers that are not found up are waited for, and then it is
 * measured all the same.
 */
export async function measureFleet(
  size: FleetSize,
  options: CostOptions,
  say: (text: string) => void,
): Promise<FleetCost> {
  const played = size.farSide === 'played';
  const lab = await createLab({
    persistentKeepaliveS: 25,
    ...(played ? {} : { servers: farHosts(size.peers) }),
  });
  options.session.owns(lab);
  try {
    const fleet = planFleet(lab.id, size.peers);
    const lifeMs = extraLifeMs + options.settleMs + options.lastsMs;
    say('starting the far side');
    if (played) await startPlayedSide(lab, fleet, lifeMs);
    else await startFarSide(lab, fleet);
    const addressOf = ({ host }: FleetPeer, family: 4 | 6) =>
      lab.address(played ? `v${family}` : `v${family}-${host}`);
    say('names');
    for (const peer of fleet)
      await lab.dns.set(peer.name, { A: [addressOf(peer, 4)], AAAA: [addressOf(peer, 6)] });
    await addPeers(lab, fleet, (peer) => `[${addressOf(peer, 6)}]:${peer.port}`);
    const directory = `${options.directory}/fleet-${size.peers}-${size.farSide}`;
    const daemon = await startBenchDaemon(lab.client, { profile: 'balanced', directory, lifeMs });
    try {
      say('waiting until all are up');
      // Those that are not found up are a result, too: the table shows how many are.
      await waitForUp(daemon, size.peers, upWithinMs).catch((error: unknown) => say(String(error)));
      await sleep(options.settleMs);
      const upBefore = await daemon.countUp();
      say('measuring');
      const window = await measureWindow({ pid: daemon.pid }, options.lastsMs);
      const ended = daemon.ended();
      if (ended !== null) throw new Error(ended);
      return { ...window, ...size, upBefore, upAfter: await daemon.countUp() };
    } finally {
      await daemon.stop();
    }
  } finally {
    say('taking it down');
    await lab.close();
    options.session.disowns(lab);
  }
}

/** The client's interface and its file get all peers of the fleet, and lose the one of the lab. */
async function addPeers(
  lab: Lab,
  fleet: readonly FleetPeer[],
  endpointOf: (peer: FleetPeer) => string,
): Promise<void> {
  const section = (peer: FleetPeer, endpoint: string) =>
    [
      '[Peer]',
      `PublicKey = ${peer.keys.publicKey}`,
      `AllowedIPs = ${peer.inner}/32`,
      `Endpoint = ${endpoint}`,
      'PersistentKeepalive = 25\n',
    ].join('\n');
  const live = fleet.map((peer) => section(peer, endpointOf(peer))).join('');
  const written = lab.writeConfig({});
  const file = `${written}.fleet`;
  await lab.wg.removePeer();
  await lab.client.ip([`route add ${network} dev ${lab.interface}`]);
  writeFileSync(file, live, { mode: 0o600 });
  try {
    await mustRun(inClient(lab, ['wg', 'addconf', lab.interface, file]));
  } finally {
    rmSync(file, { force: true });
  }
  appendFileSync(written, fleet.map((peer) => section(peer, `${peer.name}:${peer.port}`)).join(''));
}
