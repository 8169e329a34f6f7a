import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../lab/index.ts';
import type { MeterResult } from './meter/result.ts';
import { parseMeterResult } from './meter/result.ts';

/** One run of a command: what it cost and what it printed. */
export interface Measured extends MeterResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is to be run. */
export interface MeasureOptions {
  /** Where the meter may write. */
  readonly directory: string;
  /** The command is killed after this time; its exit code is then null. */
  readonly timeoutMs: number;
  /** The compiled meter. Default: the one beside this file. */
  readonly meter?: string;
}

const builtMeter = fileURLToPath(new URL('./meter/main.js', import.meta.url));
/** Starting Node and writing the result, on a machine that is twenty times slower than a desktop. */
const meterExtraMs = 20_000;

/**
 * Runs a command as a whole process on a machine of the lab and measures it from outside. A command that fails or
 * hangs is a result. Throws, with what was said, where nothing could be measured: the command does not exist, or
 * the meter itself failed.
 */
export async function measure(
  machine: Pick<Namespace, 'exec'>,
  command: readonly string[],
  options: MeasureOptions,
): Promise<Measured> {
  const { directory, timeoutMs, meter = builtMeter } = options;
  const file = join(directory, 'meter.json');
  rmSync(file, { force: true });
  const { stdout, stderr } = await machine.exec(
    [process.execPath, meter, file, String(timeoutMs), ...command],
    { timeoutMs: timeoutMs + meterExtraMs },
  );
  const result = parseMeterResult(readIfThere(file));
  if (result !== null) return { ...result, stdout, stderr };
  throw new Error(
    `"${command.join(' ')}" could not be measured: ${stderr.trim() || 'the meter said nothing'}`,
  );
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
