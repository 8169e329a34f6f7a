// npm run bench: side by side with what a user would run instead; all set-up included. See `npm run bench -- --help`.
import { build, ensureLab, ensurePackages, requireNode, root, run } from './setup.js';

const args = process.argv.slice(2);
const has = (option) => args.some((arg) => arg === option || arg.startsWith(`${option}=`));
// The article's script runs on Debian's own Python and imports a module that is not in its standard library.
const scriptNeeds = {
  '/usr/bin/python3': 'python3',
  '/usr/lib/python3/dist-packages/icmplib/__init__.py': 'python3-icmplib',
};

requireNode();
ensurePackages();
// These two only read files.
const measures = !['tables', 'compare'].includes(args[0] ?? '');
if (measures && !has('--help')) ensureLab(has('--script') ? scriptNeeds : {});
build();
// Paths on the command line are the caller's; npm changes to the checkout and says here where it was called.
const cwd = process.env.INIT_CWD ?? process.cwd();
process.exit(run(process.execPath, [`${root}dist/bench/main.js`, ...args], { cwd }));
