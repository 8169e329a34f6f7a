// npm run test:kernel: the core end-to-end tests on the kernel's own WireGuard, in a virtual machine that boots a
// Debian kernel on this machine's own files; all set-up included. WG_REACH_SKIP_KERNEL=1: where the machine or its
// kernel cannot be had, say so and pass.
import { existsSync } from 'node:fs';
import { ensureKernelImage } from './kernel-image.js';
import { build, ensureLab, ensurePackages, fail, installMissing, requireNode, root, run } from './setup.js';

const machinePrograms = {
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox',
  cpio: 'cpio',
  depmod: 'kmod',
  modprobe: 'kmod',
  xz: 'xz-utils',
  zstd: 'zstd',
};
// Debian 12's qemu brings one of its own; later it is a package.
const sharePrograms = ['/usr/lib/qemu/virtiofsd', '/usr/libexec/virtiofsd'];
const sharePackage = { [sharePrograms[1]]: 'virtiofsd' };
// For a machine that froze, or that is given hardly any processor: tests that hang are ended inside, and named.
const limitS = 3600;
// By the guest's own clock Node starts in 150 ms, where outside it takes 90 ms. The rest is room, and keeps the tests
// that look at an endpoint again and again, two processes each time, from using up the emulated processor.
const slowness = 8;

requireNode();
ensurePackages();
ensureLab();
const machine = ensureMachine();
if (machine.kind === 'missing') {
  const text = `The tests on the kernel's own WireGuard cannot run here. ${machine.detail}`;
  if (process.env.WG_REACH_SKIP_KERNEL !== '1') {
    fail(`${text}\nSet WG_REACH_SKIP_KERNEL=1 to go on without them.`);
  }
  console.log(`${text}\nSkipped, as WG_REACH_SKIP_KERNEL=1 says.`);
  process.exit(0);
}
build();
const startedMs = performance.now();
console.log('Booting a virtual machine with a Debian kernel; the first lines take about 20 s …');
const code = run('bash', [
  `${root}scripts/kernel-vm.sh`,
  machine.directory,
  String(limitS),
  ...['env', `WG_REACH_TEST_SLOWNESS=${slowness}`, process.execPath, `${root}node_modules/vitest/vitest.mjs`],
  ...['run', '--config', 'vitest.kernel.config.ts', ...process.argv.slice(2)],
]);
console.log(`The virtual machine took ${Math.round((performance.now() - startedMs) / 1000)} s.`);
process.exit(code);

/** Everything to boot with: `{ kind: 'present', directory }` of the kernel, or `{ kind: 'missing', detail }`. */
function ensureMachine() {
  if (process.arch !== 'x64') {
    return { kind: 'missing', detail: `They know only x86-64 machines; this one is ${process.arch}.` };
  }
  const problem =
    installMissing(machinePrograms) ??
    (sharePrograms.some((path) => existsSync(path)) ? null : installMissing(sharePackage));
  return problem === null ? ensureKernelImage() : { kind: 'missing', detail: problem };
}
