import { expect, test } from 'vitest';
import { createCommands } from '../../src/daemon/commands.ts';
import type { ControlRequest } from '../../src/daemon/control-protocol.ts';
import { createPauses } from '../../src/daemon/pauses.ts';
import { parseStatusReport } from '../../src/status/parse-report.ts';
import type { PeerStatus } from '../../src/status/report.ts';
import { createFakePeer, type FakePeer, managedPeer } from './fake-peer.ts';

const key = managedPeer().publicKey;

type Question = Omit<ControlRequest, 'id' | 'command'> & {
  readonly command: keyof ReturnType<typeof createCommands>;
};

function scene() {
  let peers: FakePeer[] = [createFakePeer(managedPeer()), createFakePeer(managedPeer({ interface: 'wg1' }))];
  const pauses = createPauses(() => {});
  const commands = createCommands(
    { peers: () => peers, refresh: async () => {}, keeper: () => null, close: async () => {} },
    pauses,
    '1.2.3',
  );
  const context = { progress: () => {}, signal: new AbortController().signal };
  async function ask(request: Question): Promise<readonly PeerStatus[] | string> {
    const answer = await commands[request.command]({ id: 1, ...request }, context);
    if (answer.kind === 'error') return answer.code;
    const parsed = parseStatusReport(answer.result);
    return parsed.kind === 'ok' ? parsed.report.peers : parsed.detail;
  }
  return {
    ask,
    pauses,
    peers: () => peers,
    set(next: FakePeer[]) {
      peers = next;
    },
  };
}

test('a pause is shown with its end, and holds for who is meant only', async () => {
  const { ask } = scene();
  const before = Date.now();
  const paused = await ask({ command: 'pause', interface: 'wg1', forMs: 60_000 });
  expect(paused).toMatchObject([{ interface: 'wg1', health: 'paused' }]);
  const [, until = ''] = /^paused by the operator until (\S+)$/.exec(
    typeof paused === 'string' ? paused : (paused[0]?.reason ?? ''),
  ) ?? [''];
  expect(Date.parse(until) - before).toBeGreaterThan(59_000);
  expect(Date.parse(until) - before).toBeLessThan(62_000);
  expect(await ask({ command: 'status' })).toMatchObject([
    { interface: 'wg0', health: 'unknown' },
    { interface: 'wg1', health: 'paused' },
  ]);
  expect(await ask({ command: 'pause', publicKey: key })).toMatchObject([
    { reason: 'paused by the operator' },
    { reason: 'paused by the operator' },
  ]);
  expect(await ask({ command: 'resume' })).toMatchObject([{ health: 'unknown' }, { health: 'unknown' }]);
});

test('a peer whose interface is away can be resumed, but not paused', async () => {
  const { ask, pauses, set } = scene();
  await ask({ command: 'pause', interface: 'wg0' });
  set([]);
  expect(await ask({ command: 'pause', interface: 'wg0' })).toBe('not-managed');
  expect(await ask({ command: 'resume', interface: 'wg1' })).toBe('not-managed');
  expect(pauses.all()).toHaveLength(1);
  expect(await ask({ command: 'resume', interface: 'wg0', publicKey: key })).toEqual([]);
  expect(pauses.all()).toEqual([]);
});

test('a repair has a look taken, a dry one only says what is known', async () => {
  const { ask, peers } = scene();
  for (const peer of peers()) peer.dispatch({ type: 'peer-gone', detail: 'test' });
  expect(await ask({ command: 'repair', dryRun: true })).toHaveLength(2);
  expect(peers().flatMap(({ events }) => events.map(({ type }) => type))).not.toContain('network-changed');
  expect(await ask({ command: 'repair', interface: 'wg0' })).toMatchObject([{ health: 'down' }]);
  expect(peers().map(({ events }) => events.at(-1)?.type)).toEqual(['network-changed', 'peer-gone']);
  expect(await ask({ command: 'repair', interface: 'wg7' })).toBe('not-managed');
});
