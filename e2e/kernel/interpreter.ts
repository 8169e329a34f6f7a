import { chmodSync, mkdtempSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

// Every Node that a test starts runs its JavaScript in the interpreter: what it compiled, the emulated processor would
// have to translate a second time, and programs that run for a second never get that back. They start in half the time.
const real = readlinkSync('/proc/self/exe');
// Once for a process, however many files of tests it runs.
if (process.execPath === real) {
  const node = join(mkdtempSync(join(tmpdir(), 'wg-reach-node-')), 'node');
  // Without the second option it warns of the first, which takes WebAssembly away.
  writeFileSync(node, `#!/bin/sh\nexec ${real} --jitless --no-expose-wasm "$@"\n`);
  chmodSync(node, 0o755);
  process.env.PATH = `${dirname(node)}:${process.env.PATH}`;
  process.execPath = node;
}
