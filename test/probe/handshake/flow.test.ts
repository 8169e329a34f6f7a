import { expect, test } from 'vitest';
import { cookieLifeMs, createFlow, type Heard } from '../../../src/probe/handshake/flow.ts';

const cookie: Heard = { kind: 'cookie', cookie: Uint8Array.of(1, 2, 3) };
const wrongKey: Heard = { kind: 'other-preshared-key', rttMs: 4, theirs: 'unknown' };
const right: Heard = { kind: 'authenticated', rttMs: 5 };
const ended = (verdict: object) => ({ kind: 'end', verdict });
const together = { kind: 'send', alone: false };
const alone = { kind: 'send', alone: true };

test('silence is told when nothing else explains it', () => {
  expect(createFlow().expired(false)).toEqual(ended({ kind: 'silent' }));
});

test('what the peer may have dropped is sent again, with others, then alone; only then is it silent', () => {
  const flow = createFlow();
  expect(flow.expired(true)).toEqual(together);
  expect(flow.expired(true)).toEqual(alone);
  expect(flow.expired(true)).toEqual(ended({ kind: 'silent' }));
  const other = createFlow();
  expect(other.expired(true)).toEqual(together);
  expect(other.expired(false)).toEqual(ended({ kind: 'silent' }));
});

test('an answer ends it, also while it waits for another turn', () => {
  const flow = createFlow();
  flow.expired(true);
  expect(flow.heard(right, 0)).toEqual(ended({ kind: 'authenticated', rttMs: 5, askedForCookie: false }));
});

test('one cookie is followed, and no second', () => {
  const flow = createFlow();
  expect(flow.cookie(0)).toBeNull();
  expect(flow.heard(cookie, 1_000)).toEqual(together);
  expect(flow.heard(cookie, 1_001)).toEqual({ kind: 'wait' });
  expect(flow.cookie(1_000 + cookieLifeMs - 1)).toEqual(Uint8Array.of(1, 2, 3));
  expect(flow.cookie(1_000 + cookieLifeMs)).toBeNull();
  expect(flow.heard(right, 1_002)).toEqual(ended({ kind: 'authenticated', rttMs: 5, askedForCookie: true }));
});

test('a cookie to one that was to be alone: alone again', () => {
  const flow = createFlow();
  flow.expired(true);
  flow.expired(true);
  expect(flow.heard(cookie, 0)).toEqual(alone);
});

test('only a cookie, and silence afterwards, is a peer under load', () => {
  const flow = createFlow();
  flow.heard(cookie, 0);
  expect(flow.expired(false)).toEqual(ended({ kind: 'under-load' }));
});

test('another preshared key is told at the end, since the right answer may still come', () => {
  const flow = createFlow();
  expect(flow.heard(wrongKey, 0)).toEqual({ kind: 'wait' });
  expect(flow.expired(true)).toEqual(ended({ kind: 'wrong-preshared-key', rttMs: 4, theirs: 'unknown' }));
  const better = createFlow();
  better.heard(wrongKey, 0);
  expect(better.heard(right, 0)).toMatchObject(ended({ kind: 'authenticated' }));
});

test('that the far side has no preshared key is proven, and told at once', () => {
  const verdict = { kind: 'wrong-preshared-key', rttMs: 4, theirs: 'none' };
  expect(createFlow().heard({ ...wrongKey, theirs: 'none' }, 0)).toEqual(ended(verdict));
});
