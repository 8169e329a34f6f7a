import { createLog, stderrIsJournal, stderrWriter } from '../daemon/log.ts';
import { runDaemon } from '../daemon/run.ts';
import { defaultConfigFile, readDirectory } from './common-options.ts';
import { version } from './version.ts';

/** `wg-reach run`'s options, as the command line has them. */
export interface RunCommandOptions {
  readonly config?: string;
  readonly stateDir: string;
  readonly runtimeDir: string;
  readonly logFormat: 'text' | 'json';
  readonly verbose?: boolean;
}

/** `wg-reach run`: watches every managed peer until it is told to stop. Returns the exit code. */
export function runRun(options: RunCommandOptions, signal: AbortSignal): Promise<number> {
  const log = createLog({
    format: options.logFormat,
    journald: stderrIsJournal(process.env.JOURNAL_STREAM),
    verbose: options.verbose === true,
    write: stderrWriter(),
  });
  return runDaemon({
    configFile: options.config ?? defaultConfigFile,
    configFileRequired: options.config !== undefined,
    wgQuickDirectory: '/etc/wireguard',
    stateDirectory: readDirectory('--state-dir', options.stateDir),
    runtimeDirectory: readDirectory('--runtime-dir', options.runtimeDir),
    version: version(),
    log,
    signal,
    onReload: (reload) => process.on('SIGHUP', reload),
  });
}
