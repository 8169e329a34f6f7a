import { isIP, SocketAddress } from 'node:net';

/**
 * The canonical text of an IP literal without its zone, to compare two spellings of one address.
 * Null if it is not an IP literal. The zone is left out because one link has several names for it (`%2`, `%eth0`).
 */
export function bareAddress(text: string): string | null {
  const family = isIP(text);
  if (family === 0) return null;
  const [address = ''] = text.split('%', 1);
  return new SocketAddress({ address, family: family === 4 ? 'ipv4' : 'ipv6' }).address;
}
