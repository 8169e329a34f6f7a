import { readFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../lab/command.ts';
import type { Implementation } from '../lab/index.ts';
import { wireguardImplementation } from '../lab/index.ts';
import { python } from './command.ts';

/** What the figures were measured on. */
export interface Machine {
  readonly cores: number;
  /** As the processor calls itself; empty where it does not. */
  readonly processor: string;
  readonly system: string;
  readonly kernel: string;
  readonly node: string;
  /** The script's interpreter; null if the script is not run. */
  readonly python: string | null;
  readonly wireguard: Implementation;
  /** Of the checkout, with a `+` where it has changes that are not committed; null where git does not say. */
  readonly commit: string | null;
}

/** Asks the machine what it is. */
export async function describeMachine(withPython: boolean): Promise<Machine> {
  return {
    cores: os.availableParallelism(),
    processor: os.cpus()[0]?.model.trim() ?? '',
    system: systemName(),
    kernel: `${os.type()} ${os.release()}`,
    node: process.versions.node,
    python: withPython ? await pythonVersion() : null,
    wireguard: await wireguardImplementation(),
    commit: await commitName(),
  };
}

/** The machine in one sentence. */
export function machineSentence(machine: Machine): string {
  const cores = machine.cores === 1 ? '1 core' : `${machine.cores} cores`;
  const python = machine.python === null ? '' : `, Python ${machine.python}`;
  const wireguard = machine.wireguard === 'kernel' ? "the kernel's WireGuard" : machine.wireguard;
  return `Measured on ${cores}, ${machine.system}, Node ${machine.node}${python}, ${wireguard} in the lab.`;
}

/** Processes that wanted to run, on average over the last minute: above the number of cores the figures are noisy. */
export function loadNow(): number {
  return os.loadavg()[0] ?? 0;
}

function systemName(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1] ?? os.type();
  } catch {
    return os.type();
  }
}

async function pythonVersion(): Promise<string> {
  const { stdout } = await runCommand([python, '--version']);
  return stdout.trim().replace(/^Python /, '') || 'unknown';
}

async function commitName(): Promise<string | null> {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const git = (...words: readonly string[]) => runCommand(['git', '-C', here, ...words]);
  const head = await git('rev-parse', '--short', 'HEAD');
  if (head.code !== 0) return null;
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  return `${head.stdout.trim()}${changes.stdout.trim() === '' ? '' : '+'}`;
}
