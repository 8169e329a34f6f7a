import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/index.ts';
import { createLab } from '../../lab/index.ts';
import { startCounters } from '../counters.ts';
import { startBenchDaemon, waitForUp } from '../daemon.ts';
import { readEndpoint } from '../endpoint.ts';
import type { Session } from '../session.ts';
import type { AlarmRow } from './row.ts';
import type { SaidCounts } from './said.ts';
import { countSaid } from './said.ts';

/** What the daemon did on a bad path that was alive all the time. */
export interface AlarmResult extends SaidCounts {
  readonly row: string;
  readonly lastedMs: number;
  /** Times that the endpoint was another one than at the last look, five times a second. */
  readonly changes: number;
  readonly echoesSent: number;
  readonly echoesLost: number;
  /** The daemon's log. */
  readonly said: readonly string[];
}

/** One row's needs. */
export interface AlarmOrder {
  readonly lastsMs: number;
  /** Of this row alone. */
  readonly random: () => number;
  readonly seed: number;
  readonly directory: string;
  readonly build: (make: () => Promise<Lab>) => Promise<Lab>;
}

const host = 'vpn.example.test';
const common = { delayMs: 10, persistentKeepaliveS: 25 };
const lookEveryMs = 200;
/** What is under way for the longest time: a peak of the slow path, and its way back. */
const lateAnswerMs = 7_000;
const upWithinMs = 60_000;
const connectWithinMs = 60_000;
const extraLifeMs = 300_000;
/** All that a daemon says in ten minutes in which something is wrong each second. */
const keptLines = 5_000;
/** Another size than the daemon's own echoes have, so that the firewall can tell them apart. */
const trafficPayloadBytes = 100;
const trafficPacketBytes = 20 + 8 + trafficPayloadBytes;
const trafficEveryS = 0.2;

/** Watches the daemon in one row. Throws where the lab or the daemon did not get ready, or the daemon ended. */
export async function watchAlarms(row: AlarmRow, order: AlarmOrder, session: Session): Promise<AlarmResult> {
  const lab = await order.build(() => createLab({ ...common, seed: order.seed }));
  session.owns(lab);
  const stop = new AbortController();
  try {
    await lab.dns.set(host, { A: [lab.address('v4')], AAAA: [lab.address('v6')] });
    lab.writeConfig({ endpointName: host, allowedIps: [`${lab.innerAddress()}/24`] });
    await lab.connect();
    await row.weather.begin(lab, order.random, stop.signal);
    await lab.connect(0, connectWithinMs);
    const count = await startEchoCounters(lab);
    const lifeMs = extraLifeMs + order.lastsMs;
    const traffic = row.traffic ? startTraffic(lab, lifeMs) : null;
    const daemon = await startBenchDaemon(lab.client, {
      profile: row.profile,
      directory: order.directory,
      lifeMs,
      keptLines,
    });
    let changes: number;
    try {
      await waitForUp(daemon, 1, upWithinMs);
      changes = await countChanges(lab, order.lastsMs);
      const ended = daemon.ended();
      if (ended !== null) throw new Error(ended);
    } finally {
      await daemon.stop();
      traffic?.kill('SIGINT');
    }
    await sleep(lateAnswerMs);
    const [asked, answered] = await Promise.all([count('asked'), count('answered')]);
    if (asked === null || answered === null) throw new Error('The counters of the firewall are gone.');
    return {
      row: row.name,
      lastedMs: order.lastsMs,
      changes,
      echoesSent: asked.packets,
      echoesLost: asked.packets - answered.packets,
      ...countSaid(daemon.log()),
      said: daemon.log(),
    };
  } finally {
    stop.abort();
    await lab.close();
    session.disowns(lab);
  }
}

/** Counts the daemon's echoes through the tunnel: those of the traffic have another size. */
function startEchoCounters(lab: Lab): ReturnType<typeof startCounters> {
  const others = `meta length != ${trafficPacketBytes}`;
  return startCounters(lab, [
    {
      counter: 'asked',
      direction: 'out',
      match: `oifname "${lab.interface}" icmp type echo-request ${others}`,
    },
    {
      counter: 'answered',
      direction: 'in',
      match: `iifname "${lab.interface}" icmp type echo-reply ${others}`,
    },
  ]);
}

function startTraffic(lab: Lab, lifeMs: number): { kill(signal: 'SIGINT'): unknown } {
  const size = ['-s', String(trafficPayloadBytes)];
  const command = ['ping', '-n', '-q', '-i', String(trafficEveryS), ...size, lab.innerAddress()];
  const child = lab.client.spawn(command, { timeoutMs: lifeMs });
  child.stdout.resume();
  child.stderr.resume();
  child.on('error', () => undefined);
  return child;
}

async function countChanges(lab: Lab, lastsMs: number): Promise<number> {
  const untilMs = Date.now() + lastsMs;
  let changes = 0;
  let endpoint = await readEndpoint(lab);
  while (Date.now() < untilMs) {
    await sleep(lookEveryMs);
    const now = await readEndpoint(lab);
    if (now !== endpoint) changes += 1;
    endpoint = now;
  }
  return changes;
}
