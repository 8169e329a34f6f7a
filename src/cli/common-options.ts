import type { ProbeMode, RunOptions } from '../oneshot/request.ts';
import { Option } from './commander.ts';
import { UsageError } from './usage-error.ts';
import { readTimeoutMs } from './values.ts';

/** Read unless `--config` names another; it may be missing. */
export const defaultConfigFile = '/etc/wg-reach.toml';

/** Options that every one-shot takes, as the command line has them. */
export interface CommonOptions {
  readonly probe: ProbeMode;
  readonly dryRun?: boolean;
  readonly dryrun?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly timeout: string;
  readonly stateDir: string;
  readonly runtimeDir: string;
}

/** The options that every one-shot takes, with their defaults; new ones at each call, as `commander` keeps them. */
export function commonOptions(): Option[] {
  return [
    new Option('--probe <mode>', 'what decides: WireGuard itself, or ICMP echo alone')
      .choices(['auto', 'icmp'])
      .default('auto'),
    new Option('--dry-run', 'change nothing, say what would be done (also --dryrun)'),
    new Option('--dryrun', 'the same').hideHelp(),
    new Option(
      '--timeout <seconds>',
      'end within this time, 3 to 3600; below about 15 not everything can be tried',
    ).default('50'),
    new Option('--quiet', 'speak only when something was done or is wrong'),
    new Option('--verbose', 'say more'),
    new Option('--json', 'print the result as JSON'),
    ...directoryOptions(),
  ];
}

/** Reads a directory's name, or throws a `UsageError`: an empty one would mean wherever we happen to be. */
export function readDirectory(option: string, text: string): string {
  if (text !== '') return text;
  throw new UsageError(`${option} is empty: expected a directory`);
}

/** Where things are kept: every command takes these, so that one set of options fits all. New ones at each call. */
export function directoryOptions(): Option[] {
  return [
    new Option('--state-dir <dir>', 'what is remembered between runs').default('/var/lib/wg-reach'),
    new Option('--runtime-dir <dir>', "locks and the daemon's socket").default('/run/wg-reach'),
  ];
}

/** Translates the command line for the one-shot. Throws a `UsageError`. The time counts from the process's start. */
export function readRunOptions(options: CommonOptions): RunOptions {
  return {
    probe: options.probe,
    dryRun: options.dryRun === true || options.dryrun === true,
    endMs: readTimeoutMs(options.timeout),
    runtimeDirectory: readDirectory('--runtime-dir', options.runtimeDir),
    stateDirectory: readDirectory('--state-dir', options.stateDir),
  };
}
