import type { PeerRequest } from '../oneshot/request.ts';
import { writtenAllowedIps } from '../oneshot/written-allowed-ips.ts';
import { parseHost } from '../resolve/host-name.ts';
import type { ControlHandler } from './control-protocol.ts';
import type { Guests } from './guests.ts';
import { formatNews } from './one-shot-reply.ts';
import type { OneShotPeer } from './one-shot-request.ts';
import type { Supervisor } from './supervisor.ts';

/** What the command needs. */
export interface OneShotCommandOptions {
  readonly supervisor: Supervisor;
  readonly guests: Guests;
  readonly version: string;
  readonly wgQuickDirectory: string;
  readonly runtimeDirectory: string;
  readonly stateDirectory: string;
}

/** Below the time after which the control server gives up on a handler, with room to put an endpoint back. */
const maxVisitMs = 280_000;

/**
 * The command `one-shot`: the daemon does what a one-shot would do for peers that it does not watch, because the
 * interface's lock is its own. Facts come as progress, see `formatNews`; errors: `not-kept` (the asking program may
 * work there itself), `managed`, `other-version`.
 */
export function createOneShotCommand(options: OneShotCommandOptions): ControlHandler {
  const { supervisor, guests } = options;
  return async ({ interface: name, oneShot }, { progress, signal }) => {
    const keeper = name === undefined ? null : supervisor.keeper(name);
    if (name === undefined || oneShot === undefined || keeper === null) {
      return { kind: 'error', code: 'not-kept', message: `the daemon does not keep ${name ?? 'it'}` };
    }
    if (oneShot.version !== options.version) {
      return {
        kind: 'error',
        code: 'other-version',
        message: `the daemon that keeps ${name} is version ${options.version}, this is another one: restart the daemon`,
      };
    }
    const watched = oneShot.peers.find(({ publicKey }) =>
      keeper.peers().some(({ managed }) => managed.publicKey === publicKey),
    );
    if (watched !== undefined) {
      return {
        kind: 'error',
        code: 'managed',
        message: `the daemon has begun to look after ${watched.publicKey} on ${name}: try again`,
      };
    }
    const results = await guests.serve({
      interface: name,
      effects: keeper.effects,
      peers: await Promise.all(
        oneShot.peers.map((peer) => requestOf(name, peer, options.wgQuickDirectory)),
      ).then((peers) => peers.flat()),
      run: {
        probe: oneShot.probe,
        dryRun: false,
        endMs: performance.now() + Math.min(oneShot.timeoutMs, maxVisitMs),
        runtimeDirectory: options.runtimeDirectory,
        stateDirectory: options.stateDirectory,
      },
      onFact: (publicKey, fact) => progress(formatNews({ publicKey, fact })),
      signal,
    });
    return { kind: 'result', result: { results } };
  };
}

async function requestOf(
  interfaceName: string,
  { publicKey, host: text, port }: OneShotPeer,
  wgQuickDirectory: string,
): Promise<PeerRequest[]> {
  const host = parseHost(text);
  // Checked when the request was read.
  if (host.kind === 'invalid') return [];
  const written = await writtenAllowedIps(interfaceName, publicKey, wgQuickDirectory);
  return [{ publicKey, source: { host, port }, allowedIpsWritten: written }];
}
