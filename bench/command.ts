import { fileURLToPath } from 'node:url';

/** What is measured side by side. */
export type CommandName = 'script' | 'icmp' | 'auto';

/** The peer and the name that a command is to look after. */
export interface Target {
  readonly interface: string;
  readonly peer: string;
  readonly host: string;
  readonly port: number;
}

/** A command of the benchmark. */
export interface BenchCommand {
  readonly name: CommandName;
  /** For the table. */
  readonly label: string;
  /** True if it decides by ICMP echo alone and so finds nothing where the server drops that. */
  readonly byPing: boolean;
  /** Program and arguments. `directory` is fresh for each run: nothing is remembered from an earlier one. */
  line(target: Target, directory: string): readonly string[];
}

/**
 * Debian's own interpreter, for which Debian's `python3-icmplib` is installed; a version manager's shim before it
 * in PATH would cost time that is not the script's.
 */
export const python = '/usr/bin/python3';

const wgReach = fileURLToPath(new URL('../../bin/wg-reach', import.meta.url));

/** The commands in the order of the table; without a script only those of wg-reach. */
export function benchCommands(script: string | null): readonly BenchCommand[] {
  const ours = (name: 'icmp' | 'auto'): BenchCommand => ({
    name,
    label: `wg-reach --probe ${name}`,
    byPing: name === 'icmp',
    line: (target, directory) => [
      process.execPath,
      wgReach,
      ...targetArguments(target),
      ...['--probe', name],
      ...['--state-dir', `${directory}/state`, '--runtime-dir', `${directory}/run`],
    ],
  });
  const theirs = (file: string): BenchCommand => ({
    name: 'script',
    label: 'script',
    byPing: true,
    line: (target) => [python, file, ...targetArguments(target)],
  });
  return [...(script === null ? [] : [theirs(script)]), ours('icmp'), ours('auto')];
}

/** The order in round number `round`, from 0: the next command goes first each time, so that being first favours none. */
export function inTurn<T>(commands: readonly T[], round: number): readonly T[] {
  const first = round % Math.max(1, commands.length);
  return [...commands.slice(first), ...commands.slice(0, first)];
}

function targetArguments(target: Target): readonly string[] {
  return [
    ...['--interface', target.interface],
    ...['--peer', target.peer],
    ...['--host', target.host],
    ...['--port', String(target.port)],
  ];
}
