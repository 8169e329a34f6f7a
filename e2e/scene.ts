import { afterAll, beforeAll } from 'vitest';
import type { Lab, LabOptions } from '../lab/index.ts';
import { createLab } from '../lab/index.ts';
import type { WgReach } from './wg-reach.ts';
import { createWgReach, hostName } from './wg-reach.ts';

/** A lab with the program on its client and one name for its first peer. */
export interface Scene {
  readonly lab: Lab;
  readonly reach: WgReach;
  /** Both families of the name, as at the start. */
  resetDns(): Promise<void>;
  /**
   * As at the start, with a live session: a whole path, the name's records, the endpoint (default: IPv6) set and
   * answering, nothing remembered.
   */
  reset(endpoint?: string): Promise<void>;
}

/** Builds a lab and the rest. The name resolves to the first peer's addresses of both families. */
export async function createScene(options: LabOptions = {}): Promise<Scene> {
  const lab = await createLab(options);
  try {
    const reach = await createWgReach(lab);
    const resetDns = () => lab.dns.set(hostName, recordsOf(options));
    await resetDns();
    return {
      lab,
      reach,
      resetDns,
      reset: async (endpoint = lab.endpoint('v6')) => {
        await lab.path.clear();
        await lab.dns.delay(0);
        await resetDns();
        await lab.wg.setEndpoint(endpoint);
        await lab.connect();
        reach.reset();
      },
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** For a `describe`: builds a scene before its tests and removes it after them, also when it fails. */
export function useScene(options: LabOptions = {}): () => Scene {
  let scene: Scene | null = null;
  beforeAll(async () => {
    scene = await createScene(options);
  });
  afterAll(() => scene?.lab.close());
  return () => {
    if (scene === null) throw new Error('The lab of this test was not built.');
    return scene;
  };
}

/** For tests that run side by side because they mostly wait: a scene for one test. */
export function withScene(options: LabOptions, body: (scene: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const scene = await createScene(options);
    try {
      await body(scene);
    } finally {
      await scene.lab.close();
    }
  };
}

function recordsOf(options: LabOptions) {
  const own = (options.servers ?? [])
    .filter((server) => (server.peer ?? 0) === 0)
    .map((server) => server.address);
  const addresses = own.length > 0 ? own : ['2001:db8:1::1', '203.0.113.1'];
  return {
    A: addresses.filter((address) => !address.includes(':')),
    AAAA: addresses.filter((address) => address.includes(':')),
  };
}
