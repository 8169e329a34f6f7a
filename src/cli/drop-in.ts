import type { PeerResult } from '../oneshot/request.ts';
import { writtenAllowedIps } from '../oneshot/written-allowed-ips.ts';
import { type CommonOptions, readRunOptions } from './common-options.ts';
import { createDropInLines } from './drop-in-lines.ts';
import { dropInExitCode, exitCode } from './exit-code.ts';
import { jsonResult } from './json-result.ts';
import { createOutput } from './output.ts';
import { repairOrAsk } from './repair-or-ask.ts';
import { UsageError } from './usage-error.ts';
import { readHost, readInterfaceName, readPort, readPublicKey } from './values.ts';
import { concludeDropIn, repairViaDaemon } from './via-daemon.ts';

/** The drop-in form's options, as the command line has them. */
export interface DropInOptions extends CommonOptions {
  readonly interface?: string;
  readonly peer?: string;
  readonly host?: string;
  readonly port?: string;
}

/**
 * `wg-reach --interface IF --peer KEY --host NAME --port N`: what the article's script does, with its lines and exit
 * codes. Returns the exit code. Throws a `UsageError` before anything is looked at.
 */
export async function runDropIn(options: DropInOptions, signal: AbortSignal): Promise<number> {
  const run = readRunOptions(options);
  const name = readInterfaceName(required('--interface', options.interface));
  const publicKey = readPublicKey(required('--peer', options.peer));
  const hostText = required('--host', options.host);
  const source = { host: readHost(hostText), port: readPort(required('--port', options.port)) };

  const output = createOutput({ quiet: options.quiet === true, json: options.json === true });
  const daemon = run.dryRun
    ? null
    : await repairViaDaemon({
        interface: name,
        publicKey,
        runtimeDirectory: run.runtimeDirectory,
        endMs: run.endMs,
      });
  if (daemon) return concludeDropIn(daemon, hostText, output);
  const lines = createDropInLines({
    interface: name,
    publicKey,
    host: hostText,
    verbose: options.verbose === true,
  });
  const [result] = await repairOrAsk({
    interface: name,
    peers: [{ publicKey, source, allowedIpsWritten: await writtenAllowedIps(name, publicKey) }],
    run,
    signal,
    report: {
      fact: (_key, fact) => output.lines(lines.fact(fact)),
      warning: (detail) => output.error(`warning: ${detail}`),
    },
  });
  if (!result) return exitCode.failed;
  const code = codeOf(result);
  if (result.kind === 'ran') output.lines(lines.end(result));
  if (result.kind === 'refused') output.error(result.detail);
  else if (code === exitCode.failed && result.outcome.kind !== 'stopped' && 'detail' in result.outcome)
    output.error(result.outcome.detail);
  output.end({ noteworthy: code !== exitCode.ok || changed(result), json: jsonResult(name, result, code) });
  return code;
}

function required(option: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new UsageError(`${option} is missing: --interface, --peer, --host and --port belong together`);
}

function codeOf(result: PeerResult): number {
  return result.kind === 'ran' ? dropInExitCode(result.outcome) : exitCode.failed;
}

function changed(result: PeerResult): boolean {
  return result.kind === 'ran' && (result.before !== result.after || result.outcome.kind === 'would-set');
}
