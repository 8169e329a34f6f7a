import { expect, it } from 'vitest';
import { profiles } from '../../../src/core/profile.ts';
import { createRto } from '../../../src/core/rto.ts';
import { createTunnelTest } from '../../../src/core/watch/tunnel-test.ts';

it('does not answer a peer that talks all the time with a packet for each packet', () => {
  let echoes = 0;
  const test = createTunnelTest({
    profile: profiles.balanced,
    echoTargets: ['10.77.0.2'],
    rto: createRto(),
    whenIdle: true,
    nextEcho: () => ++echoes,
    generation: () => 1,
  });
  test.begin(null, 0);
  test.busy(true, 0);
  const minutes = 10;
  for (let nowMs = 0; nowMs < minutes * 60_000; nowMs += 250) {
    const rxBytes = 96 * Math.floor(nowMs / 500);
    const observation = { endpoint: null, rxBytes, txBytes: 0, latestHandshakeS: 1, rxFrameErrors: 0 };
    test.step(nowMs);
    test.observed(observation, { monotonicMs: nowMs, wallMs: 60_000 });
  }
  // One in ten seconds, as a peer costs that only keeps the session alive; and those that look for its phase.
  expect(echoes).toBeGreaterThan(minutes);
  expect(echoes).toBeLessThan(minutes * 7);
});
