// npm run demo: a real tunnel whose IPv6 breaks before your eyes; all set-up included.
import { build, ensureLab, ensurePackages, requireNode, root, run } from './setup.js';

requireNode();
ensurePackages();
ensureLab();
build();
process.exit(run(process.execPath, [`${root}dist/lab/demo.js`]));
