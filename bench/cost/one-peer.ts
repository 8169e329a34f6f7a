import { setTimeout as sleep } from 'node:timers/promises';
import { createLab } from '../../lab/index.ts';
import type { Profile } from '../../src/core/profile.ts';
import { startBenchDaemon, waitForUp } from '../daemon.ts';
import type { Session } from '../session.ts';
import type { Window } from './window.ts';
import { measureWindow } from './window.ts';
import { startWireCounter } from './wire.ts';

/** Who looks after the idle tunnel: nobody, or the daemon with that profile. */
export type Keeper = 'nobody' | Profile['name'];

/** What an idle tunnel costs, looked after so. */
export interface OnePeerCost extends Window {
  readonly keeper: Keeper;
}

/** How it is measured. */
export interface CostOptions {
  readonly lastsMs: number;
  /** Between the first sign of life and the beginning of what is measured. */
  readonly settleMs: number;
  /** Scratch. */
  readonly directory: string;
  readonly session: Session;
}

const host = 'vpn.example.test';
/** What WireGuard's manual suggests behind NAT. */
const persistentKeepaliveS = 25;
const upWithinMs = 20_000;
/** Building and ending, beside what is measured. */
const extraLifeMs = 300_000;

/**
 * An idle tunnel over IPv6 with a keepalive each 25 s: what the client's uplink carries, name look-ups
 * included, and what the daemon uses of the machine. Throws where nothing can be measured.
 */
export async function measureOnePeer(keeper: Keeper, options: CostOptions): Promise<OnePeerCost> {
  const lab = await createLab({ persistentKeepaliveS });
  options.session.owns(lab);
  try {
    await lab.dns.set(host, { A: [lab.address('v4')], AAAA: [lab.address('v6')] });
    lab.writeConfig({ endpointName: host, allowedIps: [`${lab.innerAddress()}/24`] });
    await lab.connect();
    const wire = await startWireCounter(lab);
    if (keeper === 'nobody') {
      await sleep(options.settleMs);
      return { ...(await measureWindow({ pid: null, wire }, options.lastsMs)), keeper };
    }
    const lifeMs = extraLifeMs + options.settleMs + options.lastsMs;
    const directory = `${options.directory}/${keeper}`;
    const daemon = await startBenchDaemon(lab.client, { profile: keeper, directory, lifeMs });
    try {
      await waitForUp(daemon, 1, upWithinMs);
      await sleep(options.settleMs);
      const window = await measureWindow({ pid: daemon.pid, wire }, options.lastsMs);
      const ended = daemon.ended();
      if (ended !== null) throw new Error(ended);
      return { ...window, keeper };
    } finally {
      await daemon.stop();
    }
  } finally {
    await lab.close();
    options.session.disowns(lab);
  }
}
