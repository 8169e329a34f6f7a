import { readWgQuickDirectory } from '../sources/wg-quick.ts';

/**
 * AllowedIPs of a peer as its wg-quick file has them, where they may name its own inner address; empty where there is
 * no such file, or it cannot be read.
 */
export async function writtenAllowedIps(
  interfaceName: string,
  publicKey: string,
  wgQuickDirectory?: string,
): Promise<readonly string[]> {
  const directory = await readWgQuickDirectory(wgQuickDirectory);
  if (directory.kind !== 'ok') return [];
  const file = directory.files.find((one) => one.interface === interfaceName);
  return file?.peers.find((peer) => peer.publicKey === publicKey)?.allowedIps ?? [];
}
