import { readFileSync } from 'node:fs';

/** What one network device of a process's network namespace has carried. */
export interface DeviceCount {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly txBytes: number;
  readonly txPackets: number;
}

/** What a process has used of the machine so far. */
export interface ProcessUsage {
  /** User and kernel mode, with all children that it has waited for. */
  readonly cpuMs: number;
  /** Resident now, and at its highest. */
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

/** Clock ticks a second in /proc/PID/stat: USER_HZ, which is 100 on every Linux architecture that Node runs on. */
const ticksPerSecond = 100;

/** The counters of that device where the process lives; null if either is gone. Costs some 50 µs. */
export function readDeviceCount(pid: number, device: string): DeviceCount | null {
  return parseDeviceCount(readText(`/proc/${pid}/net/dev`), device);
}

/** Finds a device in the text of /proc/net/dev. */
export function parseDeviceCount(text: string, device: string): DeviceCount | null {
  for (const line of text.split('\n')) {
    const [name, fields] = line.split(':');
    if (fields === undefined || name?.trim() !== device) continue;
    const [rxBytes = 0, rxPackets = 0, , , , , , , txBytes = 0, txPackets = 0] = fields
      .trim()
      .split(/\s+/)
      .map(Number);
    return { rxBytes, rxPackets, txBytes, txPackets };
  }
  return null;
}

/** What a process has used; null if it is gone. */
export function readProcessUsage(pid: number): ProcessUsage | null {
  return parseProcessUsage(readText(`/proc/${pid}/stat`), readText(`/proc/${pid}/status`));
}

/** Reads /proc/PID/stat and /proc/PID/status; null if they are not whole. */
export function parseProcessUsage(stat: string, status: string): ProcessUsage | null {
  // The program's name, in parentheses, may hold spaces. The state comes after it, and CPU times as 12th to 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).map(Number);
  const rssBytes = kibibytes(status, 'VmRSS');
  const peakRssBytes = kibibytes(status, 'VmHWM');
  if (ticks.length < 4 || ticks.some(Number.isNaN) || rssBytes === null || peakRssBytes === null) return null;
  const cpuMs = (ticks.reduce((sum, each) => sum + each, 0) * 1_000) / ticksPerSecond;
  return { cpuMs, rssBytes, peakRssBytes };
}

function kibibytes(status: string, name: string): number | null {
  const value = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return value === undefined ? null : Number(value) * 1_024;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
