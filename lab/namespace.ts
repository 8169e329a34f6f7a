import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { CommandOptions, CommandResult } from './command.ts';
import { mustRun, runCommand, startCommand } from './command.ts';

/** A machine of the lab: a network namespace with its own resolv.conf, hosts and /etc/wireguard. */
export interface Namespace {
  /** Its name, for `ip netns exec`. */
  readonly name: string;
  /** Runs a command to its end; failing, hanging and not existing are results. */
  exec(command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /**
   * Starts a command that runs on; it is killed after `timeoutMs` (default 10 min) or when the lab is
   * closed.
   */
  spawn(command: readonly string[], options?: Omit<CommandOptions, 'input'>): ChildProcessWithoutNullStreams;
  /** Carries out lines as `ip -batch` takes them, in one process; throws with the first line that fails. */
  ip(lines: readonly string[], family?: 4 | 6): Promise<void>;
  /** Replaces the namespace's own firewall table by these rules of nftables. */
  firewall(chains: string): Promise<void>;
}

const spawnTimeoutMs = 600_000;

/** A handle for the namespace of that name, which need not exist yet. */
export function namespaceHandle(name: string): Namespace {
  const inside = (command: readonly string[]) => ['ip', 'netns', 'exec', name, ...command];
  return {
    name,
    exec: (command, options) => runCommand(inside(command), options),
    spawn: (command, options) => startCommand(inside(command), { timeoutMs: spawnTimeoutMs, ...options }),
    ip: (lines, family) => ipBatch(lines, ['-n', name, ...(family === undefined ? [] : [`-${family}`])]),
    firewall: async (chains) => {
      // Adding before deleting: deleting a table that is not there is an error. One file is one transaction.
      const input = `add table inet lab\ndelete table inet lab\ntable inet lab {\n${chains}\n}\n`;
      await mustRun(inside(['nft', '-f', '-']), { input });
    },
  };
}

/** Runs `ip -batch` with these lines; throws with the line that failed. */
export async function ipBatch(lines: readonly string[], flags: readonly string[] = []): Promise<void> {
  if (lines.length === 0) return;
  const result = await runCommand(['ip', ...flags, '-batch', '-'], { input: `${lines.join('\n')}\n` });
  if (result.code === 0) return;
  const failed = /Command failed -:(\d+)/.exec(result.stderr)?.[1];
  const line = failed === undefined ? '' : ` at "${lines[Number(failed) - 1] ?? ''}"`;
  throw new Error(`"ip ${flags.join(' ')} -batch" failed${line}: ${result.stderr.trim()}`);
}
