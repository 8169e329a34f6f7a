import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readInterfaceIndex } from '../../host/interface-index.ts';
import { readDevice } from '../device.ts';
import { type Dump, readDump } from '../dump.ts';
import type { WgFailure } from '../failure.ts';
import { readSocketOwners } from '../implementation.ts';
import type { WgOptions } from '../tool.ts';
import { createJournal, type Journal } from './journal.ts';
import { type PeerWrite, writePeer } from './peer-write.ts';

/** Everything of the outside that a reset touches. Each call is a step at which the process may die. */
export interface ResetHost {
  readonly journal: Journal;
  /** The running kernel and the time since it booted, suspends included; null where the kernel does not say. */
  boot(): Promise<{ readonly id: string; readonly ms: number } | null>;
  /** Which interface has that name in our network namespace now. */
  whichInterface(name: string): Promise<WhichInterface>;
  /**
   * Whether removing and adding a peer in one call is known to be safe there. For a userspace process this looks through
   * all processes, a tenth of a second and more on a busy host, so `known` is remembered as long as the interface is the
   * same: a process that ends takes its interface along. Asked early, it costs the reset nothing.
   */
  implementation(interfaceName: string): Promise<'known' | 'boringtun' | 'unknown'>;
  readDump(interfaceName: string, options: WgOptions): Promise<Dump | WgFailure>;
  writePeer(write: PeerWrite, options: WgOptions): Promise<{ readonly kind: 'ok' } | WgFailure>;
  sleep(ms: number): Promise<void>;
}

/** `unknown`: it is there, and the kernel does not tell its number, as for one that is down and has no IPv6. */
export type WhichInterface =
  | { readonly kind: 'present'; readonly index: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown' };

/** The real one. `directory` is where the journal is. */
export function createResetHost(directory: string): ResetHost {
  const known = new Map<string, number>();
  return {
    journal: createJournal(directory),
    boot: readBoot,
    whichInterface,
    async implementation(interfaceName) {
      const which = await whichInterface(interfaceName);
      const index = which.kind === 'present' ? which.index : null;
      if (index !== null && known.get(interfaceName) === index) return 'known';
      const implementation = await findImplementation(interfaceName);
      if (implementation === 'known' && index !== null) known.set(interfaceName, index);
      return implementation;
    },
    readDump,
    writePeer: (write, options) => writePeer(write, directory, options),
    sleep: async (ms) => {
      await sleep(ms);
    },
  };
}

async function whichInterface(name: string): Promise<WhichInterface> {
  const device = await readDevice(name);
  if (device.kind === 'absent') return { kind: 'absent' };
  const index = await readInterfaceIndex(name);
  return index === null ? { kind: 'unknown' } : { kind: 'present', index };
}

async function findImplementation(interfaceName: string): Promise<'known' | 'boringtun' | 'unknown'> {
  const owners = await readSocketOwners(interfaceName);
  if (owners === null) return 'known';
  if (owners.some((name) => /boringtun/i.test(name))) return 'boringtun';
  return owners.some((name) => /^wireguard-go\b/.test(name)) ? 'known' : 'unknown';
}

async function readBoot(): Promise<{ readonly id: string; readonly ms: number } | null> {
  const [id, uptime] = await Promise.all(
    ['/proc/sys/kernel/random/boot_id', '/proc/uptime'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const seconds = /^[0-9.]+/.exec(uptime ?? '')?.[0];
  const bootId = (id ?? '').trim();
  return bootId === '' || seconds === undefined
    ? null
    : { id: bootId, ms: Math.round(Number(seconds) * 1_000) };
}
