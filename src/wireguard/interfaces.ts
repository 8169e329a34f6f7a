import { readFile } from 'node:fs/promises';
import { runProgram } from '../host/program.ts';
import { parseInterfaceName } from './interface-name.ts';
import type { WgOptions } from './tool.ts';

/**
 * The WireGuard interfaces of our own network namespace. `wg show interfaces` also lists userspace interfaces of other
 * namespaces, which must never be touched: only those that our namespace has are returned. Empty if `wg` fails.
 */
export async function listInterfaces(options: WgOptions): Promise<string[]> {
  const [listed, devices] = await Promise.all([
    runProgram('wg', ['show', 'interfaces'], options),
    readFile('/proc/self/net/dev', 'utf8').catch(() => ''),
  ]);
  if (listed.kind !== 'exited') return [];
  const present = new Set(
    devices.split('\n').map((line) => line.slice(0, Math.max(0, line.indexOf(':'))).trim()),
  );
  return listed.stdout
    .split(/\s+/)
    .filter((name) => parseInterfaceName(name).kind === 'ok' && present.has(name))
    .sort();
}
