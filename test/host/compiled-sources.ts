import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../src/host/program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Sources compiled for a plain `node`, so that a test can start, kill and time a process of its own. */
export interface CompiledSources {
  /** Has the JavaScript at the sources' own paths, for example `src/host/lock.js`. */
  readonly directory: string;
  remove(): void;
}

const prefix = 'wg-reach-compiled-';

/**
 * Compiles these files of the checkout, and what they import, into a temporary directory. What a killed owner left
 * behind is removed first: the names carry the owner's id.
 */
export async function compileSources(files: readonly string[]): Promise<CompiledSources> {
  sweep();
  const directory = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  const config = join(directory, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: false, rootDir: root, outDir: directory },
      include: [],
      files: files.map((file) => join(root, file)),
    }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const result = await runProgram(process.execPath, [tsc, '--project', config], { timeoutMs: 60_000 });
  if (result.kind !== 'exited' || result.code !== 0) {
    remove();
    throw new Error(`tsc: ${JSON.stringify(result)}`);
  }
  return { directory, remove };
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = new RegExp(`^${prefix}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
