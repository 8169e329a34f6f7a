import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { systemEnvironment } from './command.ts';
import { wireguardImplementation } from './implementation.ts';

/** A program the lab runs, and the Debian package that brings it. */
export interface RequiredProgram {
  readonly program: string;
  readonly debianPackage: string;
}

/** What every lab needs. `wireguard-go` comes on top where the kernel has no WireGuard. */
export const requiredPrograms: readonly RequiredProgram[] = [
  { program: 'ip', debianPackage: 'iproute2' },
  { program: 'wg', debianPackage: 'wireguard-tools' },
  { program: 'dnsmasq', debianPackage: 'dnsmasq-base' },
  { program: 'nft', debianPackage: 'nftables' },
  { program: 'ping', debianPackage: 'iputils-ping' },
];

const userspaceWireguard: RequiredProgram = { program: 'wireguard-go', debianPackage: 'wireguard-go' };

/** What stands between this machine and a lab. */
export interface Missing {
  readonly programs: readonly RequiredProgram[];
  /** Other obstacles, one sentence each with what to do. */
  readonly obstacles: readonly string[];
}

/** Looks for everything a lab needs; changes nothing that lasts. `path` is where programs are looked for. */
export async function findMissing(path = systemEnvironment().PATH ?? ''): Promise<Missing> {
  const isInstalled = (program: string) =>
    path.split(':').some((directory) => isAccessible(`${directory}/${program}`, constants.X_OK));
  const isRoot = process.getuid?.() === 0;
  const base = requiredPrograms.filter(({ program }) => !isInstalled(program));
  const canAskKernel = isRoot && !base.some(({ program }) => program === 'ip');
  const userspace =
    canAskKernel && (await wireguardImplementation()) === 'kernel' ? [] : [userspaceWireguard];
  return {
    programs: [...base, ...userspace.filter(({ program }) => !isInstalled(program))],
    obstacles: [
      ...(isRoot
        ? []
        : ['The lab makes network namespaces, which only root may do: run it as root or with sudo.']),
      ...(isAccessible('/dev/net/tun', constants.F_OK)
        ? []
        : ['There is no /dev/net/tun: load the module with "modprobe tun".']),
      ...(hasKoffi()
        ? []
        : ['The npm package koffi is missing: run "npm ci" without leaving out optional packages.']),
    ],
  };
}

/** What is missing, for a person: some lines that end with what to do. Null if nothing is. */
export async function describeMissing(path?: string): Promise<string | null> {
  const { programs, obstacles } = await findMissing(path);
  if (programs.length === 0 && obstacles.length === 0) return null;
  const packages = programs.map((each) => each.debianPackage).join(' ');
  return [
    'The lab cannot be built on this machine:',
    ...obstacles.map((obstacle) => `  ${obstacle}`),
    ...programs.map(
      ({ program, debianPackage }) =>
        `  The program ${program} is missing (Debian package ${debianPackage}).`,
    ),
    ...(programs.length === 0 ? [] : [`  Install with: apt-get install --no-install-recommends ${packages}`]),
  ].join('\n');
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function hasKoffi(): boolean {
  try {
    createRequire(import.meta.url).resolve('koffi');
    return true;
  } catch {
    return false;
  }
}
