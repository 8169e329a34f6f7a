import { readFile } from 'node:fs/promises';
import { type ProgramResult, runProgram } from '../host/program.ts';
import { plainLine } from './failure.ts';
import { parseInterfaceName } from './interface-name.ts';
import type { WgOptions } from './tool.ts';

/** The interfaces that there are; `failure` says in words why `wg` could not tell (there are none then), or is null. */
export interface InterfaceListing {
  readonly names: readonly string[];
  readonly failure: string | null;
}

/**
 * The WireGuard interfaces of our own network namespace. `wg show interfaces` also lists userspace interfaces of other
 * namespaces, which must never be touched: only those that our namespace has are returned.
 */
export async function listInterfaces(options: WgOptions): Promise<InterfaceListing> {
  const [listed, devices] = await Promise.all([
    runProgram('wg', ['show', 'interfaces'], options),
    readFile('/proc/self/net/dev', 'utf8').catch(() => ''),
  ]);
  const failure = failureOf(listed, options.timeoutMs);
  if (listed.kind !== 'exited') return { names: [], failure };
  const present = new Set(
    devices.split('\n').map((line) => line.slice(0, Math.max(0, line.indexOf(':'))).trim()),
  );
  const names = listed.stdout
    .split(/\s+/)
    .filter((name) => parseInterfaceName(name).kind === 'ok' && present.has(name))
    .sort();
  return { names, failure };
}

function failureOf(result: ProgramResult, timeoutMs: number): string | null {
  switch (result.kind) {
    case 'missing':
      return "there is no program 'wg'; install wireguard-tools";
    case 'timed-out':
      return `'wg show interfaces' did not answer within ${timeoutMs / 1_000} s`;
    case 'killed':
      return `'wg show interfaces' was killed by ${result.signal}`;
    case 'failed':
      return `'wg' could not be started: ${result.detail}`;
    case 'exited':
      return result.code === 0
        ? null
        : `'wg show interfaces' failed: ${plainLine(result.stderr) || `exit code ${result.code}`}`;
  }
}
