// npm run lab: runs the built lab. See `npm run lab -- --help`.
import { existsSync } from 'node:fs';

const program = new URL('../dist/lab/main.js', import.meta.url);

if (!existsSync(program)) {
  console.error(
    'The lab is not built: run "npm ci", or "npm run build" if the packages are already installed.',
  );
  process.exit(1);
}
await import(program.href);
