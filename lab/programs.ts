import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mustRun } from './command.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
// The command is here so that a test can run it, and kill it, as a process of its own.
const programs = { forwarder: 'forwarder/main', keeper: 'keeper/main', command: 'main' } as const;
const compileTimeoutMs = 120_000;

let compiled: Promise<string> | null = null;

/**
 * The path of a program that the lab runs as a process of its own, as JavaScript that Node 20 can run.
 * Beside the compiled lab it is simply there. Under vitest the lab runs from its TypeScript sources: they are
 * compiled once into a cache that is named by their content, so an old build can never be tested by mistake.
 */
export async function programPath(name: keyof typeof programs): Promise<string> {
  if (import.meta.url.endsWith('.js')) return `${here}${programs[name]}.js`;
  compiled ??= compile();
  return `${await compiled}/${programs[name]}.js`;
}

async function compile(): Promise<string> {
  const cache = `${root}node_modules/.cache/wg-reach-lab`;
  const directory = `${cache}/${contentHash()}`;
  if (exists(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  const building = mkdtempSync(`${cache}/building-`);
  // Below node_modules there is no package.json that says so.
  writeFileSync(`${building}/package.json`, '{"type":"module"}');
  const entries = Object.values(programs).map((name) => `${here}${name}.ts`);
  const flags =
    '--module nodenext --target es2023 --types node --ignoreConfig --noCheck --rewriteRelativeImportExtensions';
  await mustRun(
    [process.execPath, `${root}node_modules/typescript/bin/tsc`, ...entries, ...flags.split(' ')].concat([
      '--rootDir',
      here,
      '--outDir',
      building,
    ]),
    { timeoutMs: compileTimeoutMs },
  );
  try {
    renameSync(building, directory);
  } catch {
    // Another process has just put the same files there.
    rmSync(building, { recursive: true, force: true });
  }
  return directory;
}

function contentHash(): string {
  const hash = createHash('sha256');
  const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  for (const name of files.sort()) hash.update(`${name}\0`).update(readFileSync(`${here}${name}`));
  return hash.digest('hex').slice(0, 16);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
