import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/index.ts';
import type { Profile } from '../../src/core/profile.ts';
import { python } from '../command.ts';
import { startBenchDaemon, waitForUp } from '../daemon.ts';
import { host } from './situation.ts';

/** Who is to bring the tunnel back. */
export type ContenderName = 'wg-reach' | 'script' | 'reresolve-dns';

/** Something that looks after the tunnel of a lab. */
export interface Contender {
  readonly name: ContenderName;
  /** For the table. */
  readonly label: string;
  /** Started while the tunnel is well; resolves when it watches. Throws where it does not come to that. */
  start(lab: Lab, options: StartOptions): Promise<RunningContender>;
}

/** One trial's needs. */
export interface StartOptions {
  readonly profile: Profile['name'];
  /** Empty, for whatever it keeps. */
  readonly directory: string;
  /** It is killed after this time. */
  readonly lifeMs: number;
  /** 0 to 1, at random: where in its own period it is when the path goes dark. */
  readonly phase: number;
}

/** A contender at work. */
export interface RunningContender {
  /** The path has gone dark. A program that is run each minute has done nothing before, and is not run before. */
  onDark(): void;
  /** Of a process in the client's network namespace that lives through the trial; null if it has none. */
  readonly pid: number | null;
  /** Why it can go on no longer, or null. */
  ended(): string | null;
  /** What it said, for a person who wants to know why a trial was slow. */
  said(): readonly string[];
  stop(): Promise<void>;
}

/** Where Debian's wireguard-tools puts the script; its README says "from cron every thirty seconds or so". */
export const reresolveFile = '/usr/share/doc/wireguard-tools/examples/reresolve-dns/reresolve-dns.sh';
const reresolveEveryMs = 30_000;
/** Cron can no less, and the article's crontab line says so. */
const scriptEveryMs = 60_000;
/** Twice what a daemon needs for a peer that answers nothing inside, on a busy machine. */
const upWithinMs = 40_000;

/** The daemon of this project. */
export const wgReach: Contender = {
  name: 'wg-reach',
  label: 'wg-reach',
  start: async (lab, { profile, directory, lifeMs }) => {
    const daemon = await startBenchDaemon(lab.client, { profile, directory, lifeMs });
    try {
      await waitForUp(daemon, 1, upWithinMs);
    } catch (error) {
      await daemon.stop();
      throw error;
    }
    return {
      onDark: () => undefined,
      pid: daemon.pid,
      ended: daemon.ended,
      said: daemon.log,
      stop: daemon.stop,
    };
  },
};

/** What a user would run instead: the article's script where its path is given, and Debian's where it is there. */
export function rivals(script: string | null): readonly Contender[] {
  const theirs = (file: string): Contender =>
    repeated('script', scriptEveryMs, (lab) => [
      ...[python, file, '--interface', lab.interface, '--peer', lab.peerKey()],
      ...['--host', host, '--port', String(lab.port)],
    ]);
  const debian = repeated('reresolve-dns', reresolveEveryMs, (lab) => ['bash', reresolveFile, lab.interface]);
  return [...(script === null ? [] : [theirs(script)]), ...(existsSync(reresolveFile) ? [debian] : [])];
}

/** A program that is run each so often, also if the last run has not ended, as cron does it. */
function repeated(
  name: 'script' | 'reresolve-dns',
  everyMs: number,
  command: (lab: Lab) => readonly string[],
): Contender {
  return {
    name,
    label: `${name === 'script' ? "the article's script" : 'reresolve-dns.sh'}, each ${everyMs / 1_000} s`,
    start: (lab, { phase }) => {
      const stop = new AbortController();
      const said: string[] = [];
      const running = new Set<Promise<void>>();
      const runOnce = async () => {
        const { code, stdout, stderr } = await lab.client.exec(command(lab), { timeoutMs: everyMs });
        said.push(`exit ${code}: ${stdout}${stderr}`);
      };
      const loop = async () => {
        await sleep(phase * everyMs, undefined, { signal: stop.signal });
        for (;;) {
          const run = runOnce();
          running.add(run);
          void run.finally(() => running.delete(run));
          await sleep(everyMs, undefined, { signal: stop.signal });
        }
      };
      return Promise.resolve({
        onDark: () => {
          // It ends by being stopped, which is no error.
          loop().catch(() => undefined);
        },
        pid: null,
        ended: () => null,
        said: () => said,
        stop: async () => {
          stop.abort();
          // One that is under way may still set an endpoint, in the next trial.
          await Promise.all(running);
        },
      });
    },
  };
}
