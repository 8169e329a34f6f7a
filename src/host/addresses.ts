import { SocketAddress } from 'node:net';
import os from 'node:os';

/** One address of this host, in this network namespace. */
export interface LocalAddress {
  /** Canonical text (RFC 5952) without prefix length and without zone. */
  readonly address: string;
  readonly family: 4 | 6;
  /** The interface that has it. A link-local address is ours on this interface only. */
  readonly device: string;
}

/**
 * All addresses of interfaces that are up, loopback included. An interface that is down is left out,
 * since the C library's list leaves it out. Empty if the kernel does not say.
 */
export function localAddresses(): LocalAddress[] {
  const found: LocalAddress[] = [];
  for (const [device, entries] of Object.entries(interfacesOrNone())) {
    for (const entry of entries ?? []) {
      const family = entry.family === 'IPv4' ? 'ipv4' : 'ipv6';
      const { address } = new SocketAddress({ address: entry.address, family });
      found.push({ address, family: family === 'ipv4' ? 4 : 6, device });
    }
  }
  return found;
}

function interfacesOrNone(): ReturnType<typeof os.networkInterfaces> {
  try {
    return os.networkInterfaces();
  } catch {
    // Some containers forbid the netlink call behind it; knowing none of our addresses is the honest answer.
    return {};
  }
}
