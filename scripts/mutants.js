// npm run mutants: applies ten named bugs, one at a time, to a copy of the sources; the simulator must catch each.
import { build, requireNode, root, run } from './setup.js';

requireNode();
build();
process.exit(
  run(process.execPath, [`${root}dist/sim/mutants/command/main.js`, ...process.argv.slice(2)], { cwd: root }),
);
