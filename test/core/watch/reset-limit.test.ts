import { expect, test } from 'vitest';
import type { Fact } from '../../../src/core/fact.ts';
import { createResetLimit } from '../../../src/core/watch/reset-limit.ts';

const endpoint = '203.0.113.1:51820';
const made: Fact = { kind: 'setting', endpoint, reason: 'reset' };
const tried: Fact = { kind: 'setting', endpoint, reason: 'trial' };
const proven: Fact = { kind: 'proven', proof: { kind: 'handshake', endpoint, atMs: 0, rttMs: null } };

test('one in five minutes without a proof, one in a minute with one', () => {
  const limit = createResetLimit(true);
  limit.note(tried, 0);
  expect(limit.now(0)).toEqual({ probe: true, reset: true });
  limit.note(made, 1_000);
  expect(limit.now(1_000)).toEqual({ probe: true, reset: false });
  expect(limit.now(300_999).reset).toBe(false);
  expect(limit.now(301_000).reset).toBe(true);
  limit.note(proven, 2_000);
  expect(limit.now(60_999).reset).toBe(false);
  expect(limit.now(61_000).reset).toBe(true);
  limit.note(made, 61_000);
  expect(limit.now(200_000).reset).toBe(false);
});

test('without the key, neither', () => {
  expect(createResetLimit(false).now(0)).toEqual({ probe: false, reset: false });
});
