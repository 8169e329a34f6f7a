import type { Outcome } from '../core/action.ts';

/** Exit codes of the commands; scripts depend on them. */
export const exitCode = {
  ok: 0,
  /** Anything that went wrong and has no code of its own. */
  failed: 1,
  /** The command line itself is wrong; nothing was looked at. */
  usage: 2,
  /** `status`, `pause`, `resume`: no daemon is running. */
  noDaemon: 3,
  /** Drop-in form: no candidate works (the article's script: -2). */
  noneWorks: 254,
  /** Drop-in form: no address resolved (the article's script: -1). */
  noAddress: 255,
} as const;

/** The exit code of the drop-in form for how its peer ended. */
export function dropInExitCode(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'proven':
    case 'chosen':
    case 'would-set':
      return exitCode.ok;
    case 'undecided':
      return outcome.heard ? exitCode.ok : exitCode.failed;
    case 'none-works':
      return exitCode.noneWorks;
    case 'no-candidates':
      return exitCode.noAddress;
    case 'gone':
    case 'stopped':
    case 'failed':
      return exitCode.failed;
  }
}

/** The exit code of `repair`, which looks after several peers: 0 or 1 for each, the worst counts. */
export function repairExitCode(outcome: Outcome): number {
  return dropInExitCode(outcome) === exitCode.ok ? exitCode.ok : exitCode.failed;
}
