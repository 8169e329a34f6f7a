import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/index.ts';
import { wireguardSocketDirectory } from '../lab/registry.ts';
import { slowness } from './slowness.ts';

/** What was seen. */
export interface Watched {
  /** The endpoints, in order, each time it was another one than before; `(none)` for none. */
  readonly seen: readonly string[];
  /** How long each of `seen` stayed. */
  readonly staysMs: readonly number[];
  readonly looks: number;
}

/** Looks at a peer's endpoint again and again while something else goes on. */
export interface EndpointWatch {
  /** Ends it. */
  stop(): Promise<Watched>;
}

const everyMs = 20 * slowness;

/** Begins to look each 20 ms, on a slow machine less often. `wg` is asked only where there is no socket to ask for less. */
export function watchEndpoint(lab: Lab, peer = 0): EndpointWatch {
  const seen: string[] = [];
  const sinceMs: number[] = [];
  let looks = 0;
  let over = false;
  const read = lab.implementation === 'kernel' ? () => lab.wg.endpoint(peer) : () => readSocket(lab, peer);
  const watching = (async () => {
    while (!over) {
      const endpoint = (await read()) ?? '(none)';
      looks += 1;
      if (seen.at(-1) !== endpoint) {
        seen.push(endpoint);
        sinceMs.push(performance.now());
      }
      await sleep(everyMs);
    }
  })();
  watching.catch(() => undefined);
  return {
    stop: async () => {
      over = true;
      await watching;
      const endMs = performance.now();
      return { seen, staysMs: sinceMs.map((ms, index) => (sinceMs[index + 1] ?? endMs) - ms), looks };
    },
  };
}

/** A fraction of a millisecond, where a run of `wg` takes ten of a busy machine. */
async function readSocket(lab: Lab, peer: number): Promise<string | null> {
  const key = Buffer.from(lab.peerKey(peer), 'base64').toString('hex');
  const text = await new Promise<string>((resolve, reject) => {
    let answer = '';
    const socket = connect(`${wireguardSocketDirectory}/${lab.interface}.sock`);
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('data', (part: string) => {
      answer += part;
      if (answer.endsWith('\n\n')) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
    socket.write('get=1\n\n');
  });
  const section = text.split('public_key=').find((each) => each.startsWith(key)) ?? '';
  return /^endpoint=(.+)$/m.exec(section)?.[1] ?? null;
}
