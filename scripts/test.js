// npm test: everything, on a fresh machine too. Types, lint, unit tests, end-to-end tests.
import { build, ensureLab, ensurePackages, requireNode, root, run } from './setup.js';

requireNode();
ensurePackages();
ensureLab();

const bin = `${root}node_modules/.bin`;
const steps = [
  ['types', () => run(`${bin}/tsc`, ['--noEmit'])],
  ['lint', () => run(`${bin}/biome`, ['check', '--error-on-warnings', '.'])],
  ['build', () => build()],
  ['unit', () => run(`${bin}/vitest`, ['run', '--config', 'vitest.config.ts'])],
  ['end-to-end', () => run(`${bin}/vitest`, ['run', '--config', 'vitest.e2e.config.ts'])],
];
for (const [name, step] of steps) {
  console.log(`\n== ${name}`);
  const code = step();
  if (code) {
    console.error(`\n${name} failed`);
    process.exit(code);
  }
}
console.log('\nAll passed: types, lint, unit, end-to-end.');
