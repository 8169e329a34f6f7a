import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/index.ts';
import { waitFor } from '../../lab/index.ts';
import { readDeviceCount } from '../proc.ts';
import type { WitnessKind } from './situation.ts';

/** Sees when the first packet gets through the tunnel both ways. */
export interface Witness {
  /**
   * Unix milliseconds of the first packet that came through the tunnel because of one that left after `sinceMs`;
   * null if there was none until `untilMs`. To be called right after `sinceMs`.
   */
  firstAfter(sinceMs: number, untilMs: number): Promise<number | null>;
  /** Ends what it runs. */
  stop(): Promise<void>;
}

/** A ping through the tunnel: when it left and when its answer came, in Unix milliseconds. */
export interface AnsweredPing {
  readonly sentMs: number;
  readonly answeredMs: number;
}

const pingEveryMs = 50;
/** Reading a file in /proc costs some 50 µs, so this often does not disturb what is measured. */
const interfaceEveryMs = 10;
/** One `wg` process each time. */
const peerEveryMs = 100;
/** What was under way when the path went dark has arrived by then: three times the way of 10 ms, and some more. */
const underWayMs = 50;

/**
 * - `ping`: the tunnel carries a ping each 50 ms, and the first one answered that left later is the packet.
 * - `interface`: nothing of ours is sent. The first packet that the WireGuard interface hands to the client is an
 *   answer to one of the daemon's own, since in the lab a peer says nothing by itself. `pid` is of any process of
 *   the client.
 * - `peer`: nothing inside answers; the first byte that WireGuard counts as received from the peer after the path
 *   went dark came over another path, which the peer knows only because it heard us there.
 */
export function startWitness(
  kind: WitnessKind,
  lab: Lab,
  options: { readonly pid: () => number | null; readonly traffic: boolean; readonly lifeMs: number },
): Promise<Witness> {
  if (kind === 'ping') return startPings(lab, options.lifeMs);
  const read =
    kind === 'peer'
      ? async () => (await lab.wg.transfer()).rxBytes
      : () => {
          const pid = options.pid();
          const count = pid === null ? null : readDeviceCount(pid, lab.interface);
          return Promise.resolve(count?.rxPackets ?? null);
        };
  return startCounting(lab, read, {
    everyMs: kind === 'peer' ? peerEveryMs : interfaceEveryMs,
    traffic: options.traffic,
    lifeMs: options.lifeMs,
  });
}

/** Reads what `ping -D` printed: one entry for each answer, in the order in which they came. */
export function parsePings(text: string): readonly AnsweredPing[] {
  return [...text.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from .* time=([\d.]+) ms/gm)].map(([, at, rtt]) => {
    const answeredMs = Number(at) * 1_000;
    return { sentMs: answeredMs - Number(rtt), answeredMs };
  });
}

async function startPings(lab: Lab, lifeMs: number): Promise<Witness> {
  const pings = await runPings(lab, lifeMs);
  return {
    firstAfter: async (sinceMs, untilMs) => {
      pings.forget();
      for (;;) {
        const first = parsePings(pings.output()).find(({ sentMs }) => sentMs >= sinceMs);
        if (first !== undefined) return first.answeredMs;
        if (Date.now() > untilMs) return null;
        await sleep(pingEveryMs);
      }
    },
    stop: pings.stop,
  };
}

async function startCounting(
  lab: Lab,
  read: () => Promise<number | null>,
  { everyMs, traffic, lifeMs }: { everyMs: number; traffic: boolean; lifeMs: number },
): Promise<Witness> {
  const pings = traffic ? await runPings(lab, lifeMs) : null;
  return {
    firstAfter: async (sinceMs, untilMs) => {
      await sleep(Math.max(0, sinceMs + underWayMs - Date.now()));
      const before = await read();
      while (Date.now() <= untilMs) {
        await sleep(everyMs);
        const now = await read();
        if (before !== null && now !== null && now > before) return Date.now();
      }
      return null;
    },
    stop: async () => {
      await pings?.stop();
    },
  };
}

/** Pings through the tunnel until stopped. Resolves when the first has been sent. */
async function runPings(
  lab: Lab,
  lifeMs: number,
): Promise<{ output(): string; forget(): void; stop(): Promise<void> }> {
  const command = ['ping', '-n', '-D', '-i', String(pingEveryMs / 1_000), lab.innerAddress()];
  const child = lab.client.spawn(command, { timeoutMs: lifeMs });
  let output = '';
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  // What cannot be sent is no news here.
  child.stderr.resume();
  child.on('error', () => {
    over = true;
  });
  child.on('close', () => {
    over = true;
  });
  await waitFor('ping begins', () => over || output.startsWith('PING'));
  return {
    output: () => output,
    forget: () => {
      output = '';
    },
    stop: async () => {
      child.kill('SIGINT');
      await waitFor('ping ends', () => over);
    },
  };
}
