import { expect, test } from 'vitest';
import { sendFailure, sendFailureNamed, sendFailureOf } from '../../src/probe/send-failure.ts';

test.each([
  [101, 'unroutable', 'no route'],
  [113, 'unroutable', 'unreachable'],
  [22, 'unroutable', 'blackhole'],
  [19, 'unroutable', 'device'],
  [89, 'unroutable', 'no endpoint'],
  [126, 'unroutable', 'allowed IPs'],
  [13, 'refused', 'prohibit'],
  [1, 'refused', 'firewall'],
])('Linux error %i is %s', (number, kind, words) => {
  const failure = sendFailure(number, 'as said');
  expect(failure).toMatchObject({ kind, detail: expect.stringContaining(words) });
  expect(failure.detail).toContain('as said');
});

test('an error without a meaning here keeps its own words', () => {
  expect(sendFailure(105, 'no buffer space')).toEqual({ kind: 'failed', detail: 'no buffer space' });
  expect(sendFailureOf(new Error('odd'))).toEqual({ kind: 'failed', detail: 'odd' });
});

test('names and the negative numbers of Node mean the same', () => {
  const expected = sendFailure(101, 'x');
  expect(sendFailureNamed('ENETUNREACH', 'x')).toEqual(expected);
  expect(sendFailureOf(Object.assign(new Error('x'), { errno: -101 }))).toEqual(expected);
  expect(sendFailureNamed('ENOSUCHNAME', 'x')).toMatchObject({ kind: 'failed' });
});
