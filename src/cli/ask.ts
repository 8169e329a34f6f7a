import { join } from 'node:path';
import { askDaemon } from '../daemon/control-client.ts';
import { type ControlCommand, controlSocket } from '../daemon/control-protocol.ts';
import { parseDurationMs } from '../sources/config-duration.ts';
import { parseStatusReport } from '../status/parse-report.ts';
import type { StatusReport } from '../status/report.ts';
import { statusTable } from '../status/table.ts';
import { readDirectory } from './common-options.ts';
import { exitCode } from './exit-code.ts';
import { UsageError } from './usage-error.ts';
import { readInterfaceName, readPublicKey } from './values.ts';

/** Options of the commands that only ask the daemon. */
export interface AskOptions {
  readonly runtimeDir: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly for?: string;
}

/** What the daemon said, or why it said nothing. */
export type Asked =
  | { readonly kind: 'report'; readonly report: StatusReport }
  | { readonly kind: 'no-daemon' }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

/** Asks the running daemon. Never rejects. */
export async function ask(
  runtimeDirectory: string,
  request: {
    readonly command: ControlCommand;
    readonly interface?: string;
    readonly publicKey?: string;
    readonly forMs?: number;
  },
  timeoutMs: number,
): Promise<Asked> {
  const answer = await askDaemon(join(runtimeDirectory, controlSocket), request, { timeoutMs });
  switch (answer.kind) {
    case 'result': {
      const parsed = parseStatusReport(answer.result);
      if (parsed.kind === 'ok') return { kind: 'report', report: parsed.report };
      return {
        kind: 'error',
        code: 'unintelligible',
        message: 'the daemon is of another version: restart it',
      };
    }
    case 'no-daemon':
      return { kind: 'no-daemon' };
    case 'not-permitted':
      return {
        kind: 'error',
        code: 'not-permitted',
        message: 'not allowed to ask the daemon; run it as root',
      };
    case 'timed-out':
      return { kind: 'error', code: 'timed-out', message: 'the daemon did not answer in time; see its log' };
    case 'error':
      return { kind: 'error', code: answer.code, message: answer.message };
  }
}

/** `status`, `pause` and `resume`: ask, print, and return the exit code (3 without a daemon). */
export async function runAsk(
  command: 'status' | 'pause' | 'resume',
  interfaceText: string | undefined,
  peerText: string | undefined,
  options: AskOptions,
): Promise<number> {
  const forMs = options.for === undefined ? undefined : readDuration(options.for);
  const asked = await ask(
    readDirectory('--runtime-dir', options.runtimeDir),
    {
      command,
      ...(interfaceText === undefined ? {} : { interface: readInterfaceName(interfaceText) }),
      ...(peerText === undefined ? {} : { publicKey: readPublicKey(peerText) }),
      ...(forMs === undefined ? {} : { forMs }),
    },
    5_000,
  );
  if (asked.kind === 'no-daemon') {
    process.stderr.write('wg-reach: no daemon is running; start it with: wg-reach run\n');
    return exitCode.noDaemon;
  }
  if (asked.kind === 'error') {
    process.stderr.write(`wg-reach: ${asked.message}\n`);
    return exitCode.failed;
  }
  if (options.json === true) process.stdout.write(`${JSON.stringify(asked.report, null, 2)}\n`);
  else process.stdout.write(`${table(asked.report, options.verbose === true).join('\n')}\n`);
  return exitCode.ok;
}

function table(report: StatusReport, details: boolean): readonly string[] {
  return statusTable(report, { nowMs: Date.now(), columns: process.stdout.columns ?? 100, details });
}

function readDuration(text: string): number {
  const forMs = parseDurationMs(text);
  if (forMs !== null && forMs > 0) return forMs;
  throw new UsageError(`"${text.slice(0, 40)}" is no duration: expected for instance 90s, 10m or 1h`);
}
