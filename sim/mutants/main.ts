import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { applyEdits } from './apply.ts';
import { type Mutant, mutants } from './list.ts';

const { values } = parseArgs({
  options: { worlds: { type: 'string', default: '300' }, only: { type: 'string' } },
});
const checkout = process.cwd();
const compiler = join(checkout, 'node_modules/typescript/bin/tsc');
const limitMs = 300_000;

/** Builds a copy of the sources with one bug in it; the checkout itself is never touched. */
function plant(mutant: Mutant, directory: string): void {
  for (const name of ['src', 'sim', 'package.json', 'tsconfig.json'])
    cpSync(join(checkout, name), join(directory, name), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(directory, 'node_modules'));
  applyEdits(mutant.edits, {
    read: (file) => readFileSync(join(directory, file), 'utf8'),
    write: (file, text) => writeFileSync(join(directory, file), text),
  });
  const config = {
    extends: './tsconfig.json',
    compilerOptions: { noEmit: false, noEmitOnError: false, rootDir: '.', outDir: 'dist' },
    include: ['src', 'sim'],
  };
  writeFileSync(join(directory, 'tsconfig.mutant.json'), JSON.stringify(config));
  // A bug may leave a variable unused; that does not matter here.
  spawnSync(process.execPath, [compiler, '--project', 'tsconfig.mutant.json'], {
    cwd: directory,
    timeout: limitMs,
  });
}

/** The first line that says how it was caught, or null. */
function hunt(mutant: Mutant): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'wg-reach-mutant-'));
  try {
    plant(mutant, directory);
    const args = ['dist/sim/command/main.js', '--first', '1', '--count', values.worlds, '--stop'];
    const run = spawnSync(process.execPath, args, { cwd: directory, timeout: limitMs, encoding: 'utf8' });
    const line = run.stdout.split('\n').find((one) => /^seed \d+ at /.test(one));
    if (line === undefined && run.status !== 0) throw new Error(`the simulator did not run: ${run.stderr}`);
    return line ?? null;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

// A simulator that complains of the sound engine, too, catches nothing.
const sound = hunt({ name: 'none', edits: [] });
if (sound !== null) {
  console.log(`the engine without any of the bugs is not fine: ${sound}`);
  process.exit(1);
}

let survivors = 0;
for (const mutant of mutants) {
  if (values.only !== undefined && !mutant.name.includes(values.only)) continue;
  const caught = hunt(mutant);
  if (caught === null) survivors++;
  console.log(
    `${caught === null ? 'SURVIVED' : 'caught  '} ${mutant.name}${caught === null ? '' : `: ${caught}`}`,
  );
}
if (survivors > 0) console.log(`${survivors} not caught within ${values.worlds} worlds`);
process.exitCode = survivors === 0 ? 0 : 1;
