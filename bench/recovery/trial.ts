import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/index.ts';
import { profiles } from '../../src/core/profile.ts';
import { readEndpoint } from '../endpoint.ts';
import type { Contender, ContenderName, RunningContender } from './contender.ts';
import type { RecoveryRow } from './row.ts';
import { host } from './situation.ts';
import type { Witness } from './witness.ts';
import { startWitness } from './witness.ts';

/** What came of one trial. */
export interface TrialResult {
  readonly row: string;
  readonly contender: ContenderName;
  /** From 1. */
  readonly trial: number;
  /** From the dark moment to the first packet that got through both ways; null if none did in time. */
  readonly recoveredMs: number | null;
  /** The time that was given. */
  readonly cutOffMs: number;
  readonly endpointBefore: string | null;
  readonly endpointAfter: string | null;
  /** What the contender said; for `wg-reach` its log. */
  readonly said: readonly string[];
}

/** One trial to be made. */
export interface TrialOrder {
  readonly row: RecoveryRow;
  readonly contender: Contender;
  readonly trial: number;
  readonly cutOffMs: number;
  /** Seeded, of this trial alone. */
  readonly random: () => number;
  /** Empty. */
  readonly directory: string;
}

/**
 * After this many readings of the counters the daemon knows whether the tunnel is busy: two to compare; one more
 * would change nothing.
 */
const readingsToBeBusy = 2;
const marginMs = 1_000;
/** WireGuard renews a session each 2 minutes, and `reresolve-dns.sh` goes by its age. */
const sessionAgeMs = 120_000;
/** Setting up, warming up, ending: beside the dark time, on a busy machine. */
const extraLifeMs = 300_000;
const resetAttempts = 5;
/** A search tries no endpoint for longer than this, so one that has been set for longer is where it is parked. */
const parkedAfterMs = 12_000;
/** Searches come a minute apart, so this has every phase of two of them; and the labs of one run light up one by one. */
const lightUpWithinMs = 150_000;
/** Another moment is drawn within this time where the first fell into a search: one search and its pause. */
const drawAgainMs = 75_000;
/** Eight drawings: after this something is wrong. */
const parkedWithinMs = lightUpWithinMs + 8 * drawAgainMs;
const lookEveryMs = 200;

/** Makes one trial in a lab of its situation. Throws where the lab or the contender did not get ready: no result. */
export async function runTrial(lab: Lab, order: TrialOrder): Promise<TrialResult> {
  const { row, contender, cutOffMs } = order;
  const { situation } = row;
  const start = lab.endpoint(situation.startsAt);
  await reset(lab, row, start);
  const lifeMs = extraLifeMs + cutOffMs + (row.darkMs === null ? 0 : row.darkMs + parkedWithinMs);
  let running: RunningContender | null = null;
  let witness: Witness | null = null;
  try {
    witness = await startWitness(situation.witness, lab, {
      pid: () => running?.pid ?? null,
      traffic: situation.traffic,
      lifeMs,
    });
    await situation.quieten(lab);
    const started = await contender.start(lab, {
      profile: row.profile,
      directory: order.directory,
      lifeMs,
      phase: order.random(),
    });
    running = started;
    await sleep(warmUpMs(row, contender.name, order.random()));
    if ((await lab.wg.endpoint()) !== start) throw new Error(`The tunnel left ${start} before it was dark.`);

    await situation.goDark(lab);
    const endpointBefore = row.darkMs === null ? start : await waitInTheDark(lab, row.darkMs, order.random);
    if (row.darkMs !== null) await lightUp(lab, endpointBefore);
    const darkMs = Date.now();
    started.onDark();
    const firstMs = await witness.firstAfter(darkMs, darkMs + cutOffMs);
    const ended = started.ended();
    if (ended !== null) throw new Error(ended);
    return {
      row: row.name,
      contender: contender.name,
      trial: order.trial,
      recoveredMs: firstMs === null ? null : firstMs - darkMs,
      cutOffMs,
      endpointBefore,
      endpointAfter: await lab.wg.endpoint(),
      said: started.said(),
    };
  } finally {
    await running?.stop();
    await witness?.stop();
  }
}

/**
 * How long a contender is given before the path goes dark. `random` is 0 to 1. The daemon has to see whether there
 * is traffic, and then it may be anywhere between two of its tests. The rivals do nothing yet, but the age of the
 * session matters to them.
 */
export function warmUpMs(row: RecoveryRow, contender: ContenderName, random: number): number {
  if (contender !== 'wg-reach') return marginMs + random * sessionAgeMs;
  const { readMs, idleTestMs } = profiles[row.profile];
  if (!row.situation.traffic) return marginMs + random * idleTestMs;
  return marginMs + readingsToBeBusy * readMs + random * Math.max(readMs, idleTestMs);
}

/** Heals everything and puts the tunnel back on the endpoint at the start, with a session that works over it. */
async function reset(lab: Lab, { situation }: RecoveryRow, start: string): Promise<void> {
  await lab.path.clear();
  await lab.dns.set(host, situation.records);
  await situation.reset(lab);
  for (let attempt = 0; attempt < resetAttempts; attempt += 1) {
    await lab.wg.setEndpoint(start);
    await lab.connect();
    // A packet of the server that was still under way by the other endpoint moves it back: WireGuard's roaming.
    if ((await lab.wg.endpoint()) === start) return;
  }
  throw new Error(`The lab's tunnel does not stay on ${start}.`);
}

/**
 * Waits the time out, and then until a random moment at which the tunnel is parked: moments that fall into a search, in
 * which the endpoint is one on trial, are drawn again. Returns where it is parked.
 */
async function waitInTheDark(lab: Lab, darkMs: number, random: () => number): Promise<string | null> {
  await sleep(darkMs);
  const beganMs = Date.now();
  let momentMs = beganMs + random() * lightUpWithinMs;
  let endpoint = await readEndpoint(lab);
  let sinceMs = beganMs;
  while (Date.now() < beganMs + parkedWithinMs) {
    await sleep(lookEveryMs);
    const now = await readEndpoint(lab);
    if (now !== endpoint) sinceMs = Date.now();
    endpoint = now;
    if (Date.now() < momentMs) continue;
    if (Date.now() - sinceMs >= parkedAfterMs) return endpoint;
    momentMs += random() * drawAgainMs;
  }
  throw new Error('The daemon does not stay parked on any endpoint.');
}

/** Only this endpoint's address works again. */
async function lightUp(lab: Lab, endpoint: string | null): Promise<void> {
  if (endpoint === null) throw new Error('The tunnel has no endpoint any more.');
  await lab.path.set({ family: endpoint.startsWith('[') ? 4 : 6, drop: true });
}
