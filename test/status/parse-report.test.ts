import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStatusReport } from '../../src/status/parse-report.ts';
import { healths, isoTime, proofKinds, verdicts } from '../../src/status/report.ts';
import { exampleCandidate, examplePeer, exampleReport, fullReport } from './example-report.ts';
import { schemaErrors } from './json-schema.ts';

const schema = JSON.parse(readFileSync(new URL('../../docs/status.schema.json', import.meta.url), 'utf8'));

/** Every place in a value, as the keys that lead there. */
function places(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [
    [],
    ...Object.entries(value).flatMap(([key, inner]) => places(inner).map((rest) => [key, ...rest])),
  ];
}

function changed(value: unknown, place: readonly string[], replace: (old: unknown) => unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return replace(value);
  if (Array.isArray(value)) {
    return value.map((inner, index) => (String(index) === key ? changed(inner, rest, replace) : inner));
  }
  const entries = Object.entries(Object(value)).flatMap(([name, inner]) => {
    const next = name === key ? changed(inner, rest, replace) : inner;
    return next === undefined ? [] : [[name, next] as const];
  });
  return Object.fromEntries(entries);
}

test('a full report is what the published schema says, key by key', () => {
  expect(schemaErrors(schema, fullReport, true)).toEqual([]);
  expect(parseStatusReport(JSON.parse(JSON.stringify(fullReport)))).toEqual({
    kind: 'ok',
    report: fullReport,
  });
});

test('the schema knows every word of the types, and no others', () => {
  expect(schema.$defs.peer.properties.health.enum).toEqual(healths);
  expect(schema.$defs.proof.properties.kind.enum).toEqual(proofKinds);
  expect(schema.$defs.candidate.properties.verdict.enum).toEqual(verdicts);
});

test('each key of a report is required: without it both schema and program refuse', () => {
  const keys = places(fullReport).filter((place) => /^[a-zA-Z]+$/.test(place.at(-1) ?? ''));
  expect(keys.length).toBeGreaterThan(20);
  for (const place of keys) {
    const lacking = changed(fullReport, place, () => undefined);
    expect([place, schemaErrors(schema, lacking, false).length]).not.toEqual([place, 0]);
    expect([place, parseStatusReport(lacking).kind]).toEqual([place, 'invalid']);
  }
});

test('schema and program agree about whatever stands in any place', () => {
  const values = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(...healths, ...verdicts, ...proofKinds, 0, 1, -1, 0.5, '', '2026-11-22T10:00:00Z'),
    fc.constantFrom(
      '2026-11-22T10:00:00.000Z',
      '2026-99-22T10:00:00.000Z',
      examplePeer(),
      exampleCandidate(),
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...places(fullReport)), values, (place, value) => {
      const report = changed(fullReport, place, () => value);
      const valid = schemaErrors(schema, report, false).length === 0;
      expect(parseStatusReport(report).kind).toBe(valid ? 'ok' : 'invalid');
    }),
    { numRuns: 2_000 },
  );
});

test('keys of a newer daemon are let through; another schema number is said to be one', () => {
  const newer = {
    ...exampleReport([{ ...examplePeer(), mtu: 1420 } as ReturnType<typeof examplePeer>]),
    more: 1,
  };
  expect(parseStatusReport(newer).kind).toBe('ok');
  expect(schemaErrors(schema, newer, false)).toEqual([]);
  expect(schemaErrors(schema, newer, true)).toHaveLength(2);
  expect(parseStatusReport({ ...fullReport, schema: 2 })).toMatchObject({
    detail: expect.stringContaining('schema 2'),
  });
  expect(parseStatusReport({ ...fullReport, peers: [examplePeer(), {}] })).toMatchObject({
    detail: expect.stringMatching(/^entry 2 /),
  });
});

test('times are ISO with milliseconds, or null', () => {
  expect(isoTime(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(isoTime(null)).toBeNull();
  expect(isoTime(Number.NaN)).toBeNull();
  expect(isoTime(8.65e15)).toBeNull();
});
