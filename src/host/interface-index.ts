import { readFile } from 'node:fs/promises';

/**
 * The kernel's number of a network interface of our own namespace. An interface that is deleted and made again gets
 * another one, and sockets that were bound to the old one send nothing any more.
 *
 * Null where the kernel does not tell by a file: the interface is gone, or down and without IPv6. Never /sys, which
 * may show another namespace than ours.
 */
export async function readInterfaceIndex(name: string): Promise<number | null> {
  const byIpv6 = await readText(`/proc/self/net/dev_snmp6/${name}`);
  const found = /^ifIndex\s+(\d+)$/m.exec(byIpv6)?.[1] ?? indexInMemberships(await readMemberships(), name);
  return found === undefined ? null : Number(found);
}

/** Every interface that is up is in some IPv4 multicast group. A line: `5\twg0       :     1      V3`. */
function indexInMemberships(text: string, name: string): string | undefined {
  return text
    .split('\n')
    .map((line) => /^(\d+)\t(\S+)\s*:/.exec(line))
    .find((match) => match?.[2] === name)?.[1];
}

function readMemberships(): Promise<string> {
  return readText('/proc/self/net/igmp');
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
