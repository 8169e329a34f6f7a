// npm run sim: random worlds until stopped, or one of them with a trace. See `npm run sim -- --help`.
import { build, requireNode, root, run } from './setup.js';

requireNode();
build();
process.exit(run(process.execPath, [`${root}dist/sim/command/main.js`, ...process.argv.slice(2)]));
