// A Debian kernel that has WireGuard, unpacked into a cache directory. Nothing of it is installed on the machine.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { run } from './setup.js';

// The small kernel for virtual machines: 34 MB to fetch, virtio built for it. The first that apt knows is taken:
// Debian 12 has 6.12 under its own name and an older one as its default, Debian 13 has it as its default.
const kernelPackages = ['linux-image-6.12-cloud-amd64', 'linux-image-cloud-amd64'];
const cache = `${process.env.XDG_CACHE_HOME || `${homedir()}/.cache`}/wg-reach-kernel`;
// What a kernel image can be compressed with: the bytes it begins with, and what unpacks it.
const compressions = [
  { magic: [0x28, 0xb5, 0x2f, 0xfd], unpack: ['zstd', '-dcq'] },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], unpack: ['xz', '-dc', '--single-stream'] },
];
const elfMagic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const maxKernelBytes = 256 * 1024 * 1024;

/**
 * The directory that has `vmlinux` and `lib/modules`, fetched with apt and unpacked the first time; later runs
 * need no network. Returns `{ kind: 'present', directory }` or `{ kind: 'missing', detail }`.
 */
export function ensureKernelImage() {
  mkdirSync(cache, { recursive: true });
  // Newest last; a directory gets this name only when it is complete.
  const known = readdirSync(cache)
    .filter((name) => name.startsWith('linux-image-'))
    .sort();
  const last = known.at(-1);
  if (last !== undefined) return { kind: 'present', directory: `${cache}/${last}` };
  const name = versionedPackage();
  if (name === null)
    return missing(`apt knows no package ${kernelPackages.join(' and no ')}. Run "apt-get update" first.`);
  const building = mkdtempSync(`${cache}/building-`);
  try {
    return fetchInto(building, name);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** The package with the files, which the one with the plain name depends on; null if apt knows none. */
function versionedPackage() {
  const find = () => {
    for (const name of kernelPackages) {
      const { stdout } = spawnSync('apt-cache', ['depends', name], { encoding: 'utf8' });
      const found = /Depends: (linux-image-\S+)/.exec(stdout ?? '')?.[1];
      if (found !== undefined) return found;
    }
    return null;
  };
  // The package lists of a fresh machine may be empty.
  return find() ?? (run('apt-get', ['update', '-qq']) === 0 ? find() : null);
}

function fetchInto(building, name) {
  console.log(`Fetching the Debian package ${name} into ${cache} (unpacked there, not installed) …`);
  // As root, since apt's own user cannot write into a directory of ours.
  const download = () =>
    run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', name], { cwd: building });
  if (download() !== 0 && (run('apt-get', ['update', '-qq']) !== 0 || download() !== 0)) {
    return missing(`The package ${name} could not be fetched; see above.`);
  }
  const file = readdirSync(building).find((entry) => entry.endsWith('.deb'));
  if (file === undefined || run('dpkg', ['-x', file, building], { cwd: building }) !== 0) {
    return missing(`The package ${name} could not be unpacked.`);
  }
  rmSync(`${building}/${file}`);
  const version = readdirSync(`${building}/lib/modules`)[0] ?? '';
  const kernel = unpackKernel(readFileSync(`${building}/boot/vmlinuz-${version}`));
  if (kernel === null) return missing(`The kernel in ${name} is compressed in a way that is not known here.`);
  writeFileSync(`${building}/vmlinux`, kernel);
  rmSync(`${building}/boot`, { recursive: true });
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  if (run('depmod', ['-b', building, version], { env }) !== 0)
    return missing(`depmod failed on the modules of ${name}.`);
  const directory = `${cache}/${name}`;
  if (!existsSync(directory)) renameSync(building, directory);
  return { kind: 'present', directory };
}

/** The plain kernel inside a boot image: qemu enters it directly, which spares unpacking on an emulated processor. */
function unpackKernel(image) {
  for (const { magic, unpack } of compressions) {
    const start = Buffer.from(magic);
    for (let at = image.indexOf(start); at !== -1; at = image.indexOf(start, at + 1)) {
      const [program = '', ...args] = unpack;
      const { stdout } = spawnSync(program, args, { input: image.subarray(at), maxBuffer: maxKernelBytes });
      if (stdout?.subarray(0, elfMagic.length).equals(elfMagic)) return stdout;
    }
  }
  return null;
}

function missing(detail) {
  return { kind: 'missing', detail };
}
