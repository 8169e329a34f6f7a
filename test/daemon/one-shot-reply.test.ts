import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatNews, parseNews, parseResults } from '../../src/daemon/one-shot-reply.ts';

test('news comes back as it was', () => {
  const news = {
    publicKey: 'key',
    fact: { kind: 'trial', endpoint: '203.0.113.1:51820', pass: 'quick' },
  } as const;
  expect(parseNews(formatNews(news))).toEqual(news);
});

test.each(['', '{', 'null', '[]', '{"publicKey":"key"}', '{"publicKey":1,"fact":{"kind":"set"}}'])(
  '%s is no news',
  (text) => {
    expect(parseNews(text)).toBeNull();
  },
);

const refused = { kind: 'refused', publicKey: 'key', detail: 'gone' };
const ran = { kind: 'ran', publicKey: 'key', outcome: { kind: 'proven' }, snapshot: { candidates: [] } };

test('results are checked as far as they are looked at', () => {
  expect(parseResults({ results: [refused, ran] })).toEqual([refused, ran]);
  for (const wrong of [
    { ...refused, detail: 1 },
    { ...ran, outcome: null },
    { ...ran, snapshot: {} },
    { ...ran, kind: 'walked' },
    { ...ran, publicKey: undefined },
  ])
    expect(parseResults({ results: [ran, wrong] })).toBeNull();
  fc.assert(fc.property(fc.jsonValue(), (value) => parseResults(value) === null));
});
