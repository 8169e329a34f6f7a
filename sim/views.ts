import type { Neighbour } from './neighbours.ts';
import type { Truth } from './truth.ts';
import { tunnelKeys } from './tunnel.ts';
import type { World } from './world.ts';

/**
 * The same world as the server's engine sees it, where that is managed, too; else null. Which of the client's addresses
 * works depends on the address the server itself answers from, so nothing is claimed of paths: no path there is ever
 * called living or dead, and the invariants about paths hold trivially. All others are looked at as on the client.
 */
export function otherEnd(world: World): World | null {
  const { managedServer, server } = world;
  if (managedServer === null) return null;
  const truth: Truth = { ...world.truth, livingSinceMs: () => null, deadSinceMs: () => null };
  return {
    ...world,
    truth,
    managed: managedServer,
    managedServer: null,
    peerKey: tunnelKeys.client,
    device: () => (server.device.observe(tunnelKeys.client) === null ? null : server.device),
  };
}

/** The world as it is for a neighbour: nobody but our program uses its tunnel. */
export function besideView(
  world: World,
  { managed, truth, device, peerKey }: Neighbour & { truth: Truth },
): World {
  const quiet = { traffic: 'none', serverTalks: false, inside: 'answers', bothEnds: false } as const;
  return {
    ...world,
    managed,
    managedServer: null,
    peerKey,
    truth,
    swarm: { ...world.swarm, ...quiet, keepaliveS: 25, serverKeepaliveS: 0 },
    device() {
      const gone = device === world.client.device && world.device() === null;
      return gone || device.observe(peerKey) === null ? null : device;
    },
    answersInside: () => true,
  };
}
