// Run by npm after an install in a checkout: leaves a working bin/wg-reach.
// An install without the development packages has no compiler; then the built files must be there already.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = `${root}node_modules/typescript/bin/tsc`;

if (existsSync(tsc)) {
  const result = spawnSync(process.execPath, [tsc, '--project', `${root}tsconfig.build.json`], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exit(result.status ?? 1);
}
if (!existsSync(`${root}dist/src/cli/main.js`)) {
  console.error(
    'wg-reach is not built, and the TypeScript compiler is not installed: run "npm ci" with the development packages.',
  );
  process.exit(1);
}
