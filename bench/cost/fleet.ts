import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from '../../lab/command.ts';
import type { Lab } from '../../lab/index.ts';
import { createLab } from '../../lab/index.ts';
import { generateKeyPair } from '../../lab/keys.ts';
import { startBenchDaemon, waitForUp } from '../daemon.ts';
import type { FleetPeer } from './far-side.ts';
import { farHost, farHosts, inClient, perHost, startFarSide } from './far-side.ts';
import type { CostOptions } from './one-peer.ts';
import type { Window } from './window.ts';
import { measureWindow } from './window.ts';

/** How many peers the client's interface has. */
export interface FleetSize {
  readonly peers: number;
  /** Of these, the ones that have a real WireGuard interface at the far side. The others are never heard. */
  readonly answering: number;
}

/** What the daemon costs with many peers on one interface. */
export interface FleetCost extends Window, FleetSize {
  /** Peers that the daemon's log called up at the beginning and at the end of what was measured. */
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

/** As many as have room in half the memory that is free: a far interface of wireguard-go takes 5 to 8 MB. */
export function feasibleAnswering(peers: number, kernel: boolean): number {
  if (kernel) return peers;
  const free = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? '0';
  return Math.min(peers, Math.floor((Number(free) * 1_024) / 2 / 8e6));
}

/**
 * Many idle peers on one interface, each with its own key, name, port, inner address and keepalive, at a far machine
 * that has a real WireGuard interface for each that answers. Measures the daemon in `balanced`. Throws where nothing
 * can be measured. Peers that answer and are not found up are waited for, and then it is measured all the same.
 */
export async function measureFleet(
  size: FleetSize,
  options: CostOptions,
  say: (text: string) => void,
): Promise<FleetCost> {
  const lab = await createLab({ persistentKeepaliveS: 25, servers: farHosts(size.peers) });
  options.owns(lab);
  try {
    const fleet = planFleet(lab.id, size.peers);
    say('starting the far side');
    await startFarSide(lab, fleet.slice(0, size.answering));
    await silence(lab, fleet.slice(size.answering));
    say('names');
    for (const { name, host } of fleet)
      await lab.dns.set(name, { A: [lab.address(`v4-${host}`)], AAAA: [lab.address(`v6-${host}`)] });
    await addPeers(lab, fleet);
    const lifeMs = extraLifeMs + options.settleMs + options.lastsMs;
    const directory = `${options.directory}/fleet-${size.peers}-${size.answering}`;
    const daemon = await startBenchDaemon(lab.client, { profile: 'balanced', directory, lifeMs });
    try {
      say('waiting until all are up');
      // Those that are not found up are a result, too: the table shows how many are.
      await waitForUp(daemon, size.answering, upWithinMs).catch((error: unknown) => say(String(error)));
      await sleep(options.settleMs);
      say('measuring');
      const upBefore = daemon.up();
      const window = await measureWindow({ pid: daemon.pid }, options.lastsMs);
      const ended = daemon.ended();
      if (ended !== null) throw new Error(ended);
      return { ...window, ...size, upBefore, upAfter: daemon.up() };
    } finally {
      await daemon.stop();
    }
  } finally {
    say('taking it down');
    await lab.close();
  }
}

/** Those that are not there are lost in silence; a closed port would answer with an error. */
async function silence(lab: Lab, missing: readonly FleetPeer[]): Promise<void> {
  for (const host of new Set(missing.map((peer) => peer.host))) {
    const ports = missing.filter((peer) => peer.host === host).map(({ port }) => port);
    await farHost(lab, host).firewall(
      `chain input {\n type filter hook input priority 0\n udp dport { ${ports.join(', ')} } drop\n}`,
    );
  }
}

/** The client's interface and its file get all peers of the fleet, and lose the one of the lab. */
async function addPeers(lab: Lab, fleet: readonly FleetPeer[]): Promise<void> {
  const section = (peer: FleetPeer, endpoint: string) =>
    [
      '[Peer]',
      `PublicKey = ${peer.keys.publicKey}`,
      `AllowedIPs = ${peer.inner}/32`,
      `Endpoint = ${endpoint}`,
      'PersistentKeepalive = 25\n',
    ].join('\n');
  const live = fleet
    .map((peer) => section(peer, `[${lab.address(`v6-${peer.host}`)}]:${peer.port}`))
    .join('');
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
