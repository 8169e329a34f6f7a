import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ageWords, agoWords } from '../../src/status/age.ts';
import { widthOf } from '../../src/status/columns.ts';
import { printable } from '../../src/status/printable.ts';
import { shortKeys } from '../../src/status/short-keys.ts';
import { statusTable } from '../../src/status/table.ts';
import { ago, exampleCandidate, examplePeer, exampleReport, fullReport, nowMs } from './example-report.ts';

const options = { nowMs, columns: 80, details: false };
const longEndpoint = '[2001:db8:1234:5678:9abc:def0:1234:5678]:51820';

test('a row a peer, aligned, with ages, short keys and words below', () => {
  expect(statusTable(fullReport, options)).toEqual([
    '3 peers: 1 up, 1 suspect, 1 unknown',
    '',
    'INTERFACE  PEER     HEALTH       PROVEN              ENDPOINT',
    'wg0        fFZZy7…  suspect 2 h  echo 4 s ago        203.0.113.1:51820',
    '    five echoes in a row were lost',
    '    on a fallback for 1 h instead of [2001:db8::1]:51820 (silent)',
    'wg0        AAAAy7…  unknown      not yet             (none)',
    'wg1        AAABy7…  up 2 h       handshake just now  203.0.113.1:51820',
  ]);
});

test('details: the last switch and the candidates in the order of their ranks', () => {
  const [first] = fullReport.peers;
  if (!first) throw new Error('no peer');
  const peer = { ...first, candidates: first.candidates.toReversed() };
  expect(statusTable(exampleReport([peer]), { ...options, details: true }).slice(4)).toEqual([
    '    five echoes in a row were lost',
    '    on a fallback for 1 h instead of [2001:db8::1]:51820 (silent)',
    '    round trip through the tunnel 12 ms',
    '    switched 1 h ago from [2001:db8::1]:51820 to 203.0.113.1:51820: no answer',
    '    1.  [2001:db8::1]:51820  silent           4 s ago  dns:vpn.example',
    '    2.  203.0.113.1:51820    proven    10 ms  4 s ago  dns:vpn.example',
    '    3.  192.0.2.7:443        untested                  literal',
  ]);
});

test('an endpoint that does not fit its row stands below, and only then', () => {
  const report = exampleReport([examplePeer({ endpoint: longEndpoint }), examplePeer({ interface: 'wg1' })]);
  expect(statusTable(report, options).slice(3)).toEqual([
    'wg0        fFZZy7…  up 2 h  echo 4 s ago',
    `    endpoint ${longEndpoint}`,
    'wg1        fFZZy7…  up 2 h  echo 4 s ago  203.0.113.1:51820',
  ]);
  expect(statusTable(report, { ...options, columns: 120 }).join('\n')).toContain(
    `echo 4 s ago  ${longEndpoint}`,
  );
});

test('everything at its longest keeps to 80 columns', () => {
  const peer = examplePeer({
    interface: 'wireguard-site1',
    health: 'suspect',
    since: ago(59 * 60_000),
    endpoint: longEndpoint,
    proof: { kind: 'handshake', at: ago(59 * 60_000), rttMs: null },
    reason: 'no answer to the packet that went through the tunnel 10.6 s ago '.repeat(5),
    fallbackSince: ago(59 * 60_000),
    lastSwitch: {
      at: ago(1),
      from: longEndpoint,
      to: longEndpoint,
      reason: 'an echo was answered '.repeat(9),
    },
    candidates: [
      exampleCandidate({ endpoint: longEndpoint.replace('5678]', '5679]'), verdict: 'in-tunnel' }),
    ],
  });
  const lines = statusTable(exampleReport([peer]), options);
  expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80);
  expect(lines.length).toBeGreaterThan(6);
});

test('no peer at all says what to do', () => {
  expect(statusTable(exampleReport([]), options).join(' ')).toContain('wg-reach config');
});

test('nothing a report may hold reaches the terminal raw, nor breaks a line', () => {
  const nasty = fc.constantFrom('\x1b[2J', 'a\nb', '\u202e', '\u2028', 'x'.repeat(300), '\ud800', '', '✓ ü');
  fc.assert(
    fc.property(nasty, nasty, nasty, fc.boolean(), (one, two, three, details) => {
      const peer = examplePeer({
        interface: one,
        publicKey: two,
        endpoint: three,
        reason: one,
        fallbackSince: ago(1),
        lastSwitch: { at: ago(1), from: two, to: three, reason: one },
        candidates: [exampleCandidate({ endpoint: two, source: three })],
      });
      for (const line of statusTable(exampleReport([peer]), { ...options, details })) {
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(line).toBe(line.trimEnd());
      }
    }),
  );
});

test('keys are as short as tells them apart, and all of one length', () => {
  const key = 'fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=';
  const other = `fFZZy7EIx${key.slice(9)}`;
  expect([...shortKeys([key, key]).values()]).toEqual(['fFZZy7…']);
  expect([...shortKeys([key, other]).values()]).toEqual(['fFZZy7EIF…', 'fFZZy7EIx…']);
  expect([...shortKeys(['abc', 'abcdefgh']).values()]).toEqual(['abc', 'abcdef…']);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.base64String({ minLength: 8, maxLength: 44 }), { minLength: 1 }),
      (keys) => {
        const short = shortKeys(keys);
        expect(new Set(keys.map((full) => short.get(full))).size).toBe(keys.length);
        for (const full of keys)
          expect(full.startsWith((short.get(full) ?? '?').replace('…', ''))).toBe(true);
      },
    ),
  );
});

test.each([
  [-5_000, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [172_799_999, '47 h'],
  [172_800_000, '2 d'],
])('%d ms are %s', (ageMs, words) => {
  expect(ageWords(ageMs)).toBe(words);
});

test('a moment ago, and a clock that was stepped back', () => {
  expect(agoWords(ago(999), nowMs)).toBe('just now');
  expect(agoWords(ago(1_000), nowMs)).toBe('1 s ago');
  expect(agoWords(ago(-60_000), nowMs)).toBe('just now');
});

test('printable leaves ordinary text alone', () => {
  expect(printable('Grüße, 世界 — [2001:db8::1]:51820')).toBe('Grüße, 世界 — [2001:db8::1]:51820');
  expect(printable('a\n\r\t\x1b\x7f\u009b\u202e')).toBe('a\\n\\r\\t\\u{1b}\\u{7f}\\u{9b}\\u{202e}');
});
