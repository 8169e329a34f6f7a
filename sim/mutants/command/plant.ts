import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyEdits } from '../apply.ts';
import type { Edit } from '../list.ts';

/** What a program said, and how it ended; `code` is null if it was killed because it took too long. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs a script of Node; killed after `limitMs`. */
export function runNode(args: readonly string[], cwd: string, limitMs: number): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd, timeout: limitMs, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => resolve({ stdout, stderr: error.message, code: null }));
    child.on('close', (code) => resolve({ stdout, stderr, code }));
  });
}

/** Builds a copy of the checkout's engine and simulator with these changes, in a new directory; the caller removes it. */
export async function plant(checkout: string, edits: readonly Edit[], limitMs: number): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'wg-reach-mutant-'));
  for (const name of ['src', 'sim', 'package.json', 'tsconfig.json'])
    cpSync(join(checkout, name), join(directory, name), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(directory, 'node_modules'));
  applyEdits(edits, {
    read: (file) => readFileSync(join(directory, file), 'utf8'),
    write: (file, text) => writeFileSync(join(directory, file), text),
  });
  const config = {
    extends: './tsconfig.json',
    compilerOptions: { noEmit: false, noEmitOnError: false, rootDir: '.', outDir: 'dist' },
    include: ['src', 'sim'],
  };
  writeFileSync(join(directory, 'tsconfig.mutant.json'), JSON.stringify(config));
  // A bug may leave a variable unused, so what the compiler complains of does not matter here.
  const compiler = join(checkout, 'node_modules/typescript/bin/tsc');
  await runNode([compiler, '--project', 'tsconfig.mutant.json'], directory, limitMs);
  return directory;
}
