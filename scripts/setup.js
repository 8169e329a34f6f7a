// What the project's commands need on a fresh machine. Each says what it installs; where it may not install, it
// says exactly what is missing. Plain JavaScript without dependencies: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The checkout, with a closing slash. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Programs of the lab (and of what it runs), with the Debian packages that have them. */
const labPrograms = {
  ip: 'iproute2',
  wg: 'wireguard-tools',
  'wireguard-go': 'wireguard-go',
  dnsmasq: 'dnsmasq-base',
  nft: 'nftables',
  ping: 'iputils-ping',
};

/** Ends the process with one clear line. */
export function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Runs a program in the checkout with our own output; returns its exit code. */
export function run(file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) fail(`${file} could not be started: ${result.error.message}`);
  return result.status ?? 1;
}

/** Fails unless this Node is new enough. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(
    `Node ${process.versions.node} is too old: this needs Node 20.19 or later (Debian 13 has it; Debian 12's is 18).`,
  );
}

/** Installs the npm packages of the lockfile if they are not there or older than it. This also builds dist/. */
export function ensurePackages() {
  const marker = `${root}node_modules/.package-lock.json`;
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs) return;
  console.log('Installing the npm packages of package-lock.json (npm ci) …');
  if (run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) {
    fail(
      'The npm packages could not be installed; see above. Without network: copy node_modules from another checkout.',
    );
  }
}

/** Compiles src/, lab/ and bench/ into dist/. */
export function build() {
  if (
    run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '--project', 'tsconfig.build.json']) !==
    0
  ) {
    fail('The TypeScript compiler found errors; see above.');
  }
}

/**
 * Makes sure that the lab can run: root, and its programs, which are installed from Debian if they are missing.
 * `more` names what is needed beside: a program, or the absolute path of any file, and the package that has it.
 */
export function ensureLab(more = {}) {
  if (process.getuid?.() !== 0) {
    fail(
      'This builds network namespaces with real WireGuard in them and has to run as root: try again with sudo.',
    );
  }
  const problem = installMissing({ ...labPrograms, ...more });
  if (problem !== null) fail(problem);
}

/**
 * Installs from Debian what is missing of these: a program, or the absolute path of any file, and the package that
 * has it. Returns null, or one line that says what could not be had and how to get it by hand.
 */
export function installMissing(wanted) {
  const missing = Object.entries(wanted).filter(([program]) => !isInstalled(program));
  if (missing.length === 0) return null;
  const packages = [...new Set(missing.map(([, name]) => name))];
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (!isInstalled('apt-get')) {
    return `These are missing: ${missing.map(([program]) => program).join(', ')}. On Debian: ${command}`;
  }
  console.log(`Installing Debian packages: ${packages.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () =>
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
  // The package lists of a fresh machine may be empty or old.
  if (install() !== 0 && (run('apt-get', ['update', '-qq'], { env }) !== 0 || install() !== 0)) {
    return `The packages could not be installed; see above. By hand: ${command}`;
  }
  return null;
}

function isInstalled(program) {
  if (program.startsWith('/')) return existsSync(program);
  const directories = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`.split(':');
  return directories.some((directory) => {
    try {
      accessSync(`${directory}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
