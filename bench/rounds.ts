import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/index.ts';
import { createLab } from '../lab/index.ts';
import type { BenchCommand, CommandName } from './command.ts';
import { inTurn } from './command.ts';
import type { Measured } from './measure.ts';
import { measure } from './measure.ts';
import type { Situation } from './one-shot.ts';

/** One counted run. */
export interface Run extends Measured {
  readonly situation: string;
  readonly command: CommandName;
  /** From 1. Runs of the same round were made one right after the other and are compared with each other. */
  readonly round: number;
  readonly endpointBefore: string;
  /** As `wg` prints it. */
  readonly endpointAfter: string | null;
  /** A ping through the tunnel was answered afterwards. */
  readonly tunnelWorks: boolean;
  /** It ended as it should: see `isExpected`. */
  readonly asExpected: boolean;
}

/** How the rounds are to be made. */
export interface RoundOptions {
  readonly commands: readonly BenchCommand[];
  /** Counted rounds; one more comes before them, which fills the caches of the machine and is not counted. */
  readonly rounds: number;
  /** Each run has a directory of its own in it while it lasts. */
  readonly directory: string;
  /** Told before each run. */
  readonly progress: (text: string) => void;
  /** Told when the lab exists, so that a signal can close it, and with null when it is gone. */
  readonly owns: (lab: Lab | null) => void;
}

const host = 'vpn.example.test';
/** Above the 50 s within which wg-reach ends by itself, and four times what the script took at the most. */
const runTimeoutMs = 60_000;
/** The answer to a ping takes 20 ms if the tunnel works. */
const pingTimeoutMs = 1_000;
const resetAttempts = 5;

/** Builds the situation's lab and runs all commands in it, in turn, round by round. Returns the counted runs. */
export async function runRounds(situation: Situation, options: RoundOptions): Promise<readonly Run[]> {
  const { commands, rounds, progress } = options;
  progress(`${situation.name}: building the lab`);
  const lab = await createLab(situation.lab);
  options.owns(lab);
  try {
    await lab.dns.set(host, situation.records);
    if (situation.dropsEcho) await lab.server().dropOuterEcho();
    const runs: Run[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      for (const command of inTurn(commands, round)) {
        progress(
          `${situation.name}: round ${round === 0 ? 'to warm up' : `${round} of ${rounds}`}, ${command.label}`,
        );
        const run = await runOnce(lab, situation, command, { round, directory: options.directory });
        if (round > 0) runs.push(run);
      }
    }
    return runs;
  } finally {
    await lab.close();
    options.owns(null);
  }
}

/**
 * Whether a run ended as it should, so that nothing is praised for a fast wrong answer: on the right endpoint with
 * exit code 0, or, where it decides by ICMP echo and nobody answers that, untouched with 254, which is what Python
 * makes of the script's -2.
 */
export function isExpected(
  ended: { readonly code: number | null; readonly endpointAfter: string | null },
  wanted: {
    readonly byPing: boolean;
    readonly dropsEcho: boolean;
    readonly start: string;
    readonly right: string;
  },
): boolean {
  if (wanted.byPing && wanted.dropsEcho) return ended.code === 254 && ended.endpointAfter === wanted.start;
  return ended.code === 0 && ended.endpointAfter === wanted.right;
}

async function runOnce(
  lab: Lab,
  situation: Situation,
  command: BenchCommand,
  { round, directory }: { readonly round: number; readonly directory: string },
): Promise<Run> {
  const start = lab.endpoint(situation.startsAt);
  await reset(lab, start);
  await lab.path.set(...situation.faults);
  const own = mkdtempSync(join(directory, 'run-'));
  try {
    const target = { interface: lab.interface, peer: lab.peerKey(), host, port: lab.port };
    const measured = await measure(lab.client, command.line(target, own), {
      directory: own,
      timeoutMs: runTimeoutMs,
    });
    const endpointAfter = await lab.wg.endpoint();
    const tunnelWorks = (await lab.innerPing(0, pingTimeoutMs)) !== null;
    const right = lab.endpoint(situation.rightEndpoint);
    const wanted = { byPing: command.byPing, dropsEcho: situation.dropsEcho, start, right };
    return {
      situation: situation.name,
      command: command.name,
      round,
      endpointBefore: start,
      endpointAfter,
      tunnelWorks,
      asExpected: isExpected({ code: measured.code, endpointAfter }, wanted),
      ...measured,
    };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Heals the path and puts the tunnel back on the endpoint at the start, with a session that works over it. */
async function reset(lab: Lab, start: string): Promise<void> {
  await lab.path.clear();
  for (let attempt = 0; attempt < resetAttempts; attempt += 1) {
    await lab.wg.setEndpoint(start);
    await lab.connect();
    // A packet of the server that was still under way by the other endpoint moves it back: WireGuard's roaming.
    if ((await lab.wg.endpoint()) === start) return;
  }
  throw new Error(
    `The lab's tunnel does not stay on ${start}: WireGuard moved it back ${resetAttempts} times.`,
  );
}
