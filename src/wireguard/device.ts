import { readFile } from 'node:fs/promises';

/** What the kernel says about one network interface of our own network namespace. */
export type Device =
  | {
      readonly kind: 'present';
      /**
       * Packets that were authenticated and then refused. Grows when an answer comes through the tunnel with
       * an inner source outside the peer's allowed IPs; kernel WireGuard counts those nowhere else.
       */
      readonly rxFrameErrors: number | null;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly detail: string };

/**
 * The list of our own namespace, whoever mounted what: the kernel follows the namespace of the process that
 * reads it. /sys shows the namespace it was mounted in, which after `nsenter` is another one;
 * `os.networkInterfaces` leaves out interfaces that are down or have no address; `ip` would be a process more.
 */
const deviceListFile = '/proc/self/net/dev';

/** Columns of one line after the name; the sixth is called 'frame'. */
const frameColumn = 5;

/** Reads the state of the interface `name`. Costs one small file; never throws. */
export async function readDevice(name: string): Promise<Device> {
  try {
    return parseDeviceList(await readFile(deviceListFile, 'utf8'), name);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: 'unknown', detail: `the list of network interfaces cannot be read: ${detail}` };
  }
}

/**
 * Finds the interface `name` in the text of /proc/net/dev.
 *
 * The 'frame' column is the sum of four counters. WireGuard uses two of them, frame and length errors, and
 * both only for packets that were authenticated before.
 */
export function parseDeviceList(text: string, name: string): Device {
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === -1 || line.slice(0, colon).trim() !== name) continue;
    const column = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)[frameColumn];
    return {
      kind: 'present',
      rxFrameErrors: column !== undefined && /^[0-9]+$/.test(column) ? Number(column) : null,
    };
  }
  return { kind: 'absent' };
}
