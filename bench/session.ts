import { rmSync } from 'node:fs';
import type { Lab } from '../lab/index.ts';
import { makeInotifyRoom } from './inotify.ts';
import type { Progress } from './progress.ts';
import { createProgress } from './progress.ts';
import { makeScratch } from './scratch.ts';

/** What a run of a benchmark has and leaves nothing behind of. */
export interface Session {
  /** Scratch, empty. */
  readonly directory: string;
  readonly progress: Progress;
  /** A signal has come: nothing further should be begun. */
  stopped(): boolean;
  /** Each lab is to be told of, so that a signal can close it, and when it is closed. */
  owns(lab: Lab): void;
  disowns(lab: Lab): void;
  /** Prints a line; the progress line goes first. */
  print(text: string): void;
  /** Removes the scratch directory and puts back what was changed of the system. Labs are the caller's. */
  end(): void;
}

/** What a shell reports of a command ended by Ctrl-C. */
const interruptedCode = 130;
/** wireguard-go at each end, at two machines of the far side where they are two, and one for what comes and goes. */
const inotifyPerLab = 4;

/**
 * Begins a run that needs room for that many labs at the same time. SIGINT, SIGTERM and SIGHUP close the labs, clean
 * up and end the process with 130.
 */
export function openSession(labsAtOnce: number): Session {
  const directory = makeScratch();
  const progress = createProgress(process.stderr);
  const labs = new Set<Lab>();
  const room = makeInotifyRoom(labsAtOnce * inotifyPerLab);
  let stopped = false;
  const session: Session = {
    directory,
    progress,
    stopped: () => stopped,
    owns: (lab) => void labs.add(lab),
    disowns: (lab) => void labs.delete(lab),
    print: (text) => {
      progress.clear();
      console.log(text);
    },
    end: () => {
      progress.clear();
      room.restore();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  if (room.note !== null) session.print(room.note);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      stopped = true;
      // A lab that is being built is removed by its keeper when this process has ended.
      void Promise.allSettled([...labs].map((lab) => lab.close())).then(() => {
        session.end();
        process.exit(interruptedCode);
      });
    });
  return session;
}
