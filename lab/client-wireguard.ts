import { mustRun } from './command.ts';
import type { Namespace } from './namespace.ts';
import type { Plan } from './plan.ts';
import type { WireguardDevice } from './wireguard-device.ts';

/**
 * The truth about the client's interface, as `wg` tells it, and changes by another hand than the program's.
 */
export interface ClientWireguard {
  /** The peer's endpoint as `wg` prints it, or null if it has none (or there is no such peer any more). */
  endpoint(peer?: number): Promise<string | null>;
  transfer(peer?: number): Promise<{ readonly rxBytes: number; readonly txBytes: number }>;
  /** Wall time in whole seconds since 1970, 0 if there was none. */
  latestHandshake(peer?: number): Promise<number>;
  setEndpoint(endpoint: string, peer?: number): Promise<void>;
  /** Removes the peer from the interface. */
  removePeer(peer?: number): Promise<void>;
  /** Removes the interface and makes it anew: same key, another ifindex, no sessions, the first endpoint. */
  recreate(): Promise<void>;
  /** Removes the interface. */
  remove(): Promise<void>;
}

/** Reads and changes the client's interface. `up` makes it with its routes, `device.down` removes it. */
export function clientWireguard(
  plan: Plan,
  client: Namespace,
  device: WireguardDevice,
  up: () => Promise<void>,
): ClientWireguard {
  const keyOf = (peer: number): string => {
    const key = plan.peers[peer]?.keys.publicKey;
    if (key === undefined) throw new Error(`The lab has no peer ${peer}.`);
    return key;
  };
  const wg = (...args: readonly string[]) => mustRun(['ip', 'netns', 'exec', client.name, 'wg', ...args]);
  const show = async (what: string, peer: number): Promise<string[]> => {
    const lines = (await wg('show', plan.interface, what)).split('\n').map((line) => line.split('\t'));
    return lines.find(([key]) => key === keyOf(peer))?.slice(1) ?? [];
  };
  return {
    endpoint: async (peer = 0) => {
      const [endpoint = '(none)'] = await show('endpoints', peer);
      return endpoint === '(none)' ? null : endpoint;
    },
    transfer: async (peer = 0) => {
      const [rx = '0', tx = '0'] = await show('transfer', peer);
      return { rxBytes: Number(rx), txBytes: Number(tx) };
    },
    latestHandshake: async (peer = 0) => Number((await show('latest-handshakes', peer))[0] ?? 0),
    setEndpoint: async (endpoint, peer = 0) => {
      await wg('set', plan.interface, 'peer', keyOf(peer), 'endpoint', endpoint);
    },
    removePeer: async (peer = 0) => {
      await wg('set', plan.interface, 'peer', keyOf(peer), 'remove');
    },
    recreate: async () => {
      await device.down();
      await up();
    },
    remove: () => device.down(),
  };
}
