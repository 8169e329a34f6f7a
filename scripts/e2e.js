// npm run e2e [-- FILE…]: the end-to-end tests alone, against a fresh build.
import { build, ensureLab, ensurePackages, requireNode, root, run } from './setup.js';

requireNode();
ensurePackages();
ensureLab();
build();
const args = ['run', '--config', 'vitest.e2e.config.ts', ...process.argv.slice(2)];
process.exit(run(`${root}node_modules/.bin/vitest`, args));
