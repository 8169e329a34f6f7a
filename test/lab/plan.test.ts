import { expect, test } from 'vitest';
import { maxPeers, planLab } from '../../lab/plan.ts';

test(`a lab has room for ${maxPeers} peers, each with addresses of its own`, () => {
  const plan = planLab('wr1x0', { peers: maxPeers });
  expect(new Set(plan.servers.map((server) => server.address)).size).toBe(2 * maxPeers);
});

test.each([0, maxPeers + 1, 300, Number.NaN])('not for %s, and it says so', (peers) => {
  expect(() => planLab('wr1x0', { peers })).toThrow(/^The lab has room for 1 to \d+ peers, not for /);
});
