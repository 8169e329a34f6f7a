// npm run bench: side by side with what a user would run instead; all set-up included.
import { build, ensureLab, ensurePackages, requireNode, root, run } from './setup.js';

requireNode();
ensurePackages();
ensureLab();
build();
process.exit(run(process.execPath, [`${root}dist/bench/main.js`, ...process.argv.slice(2)]));
