import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../src/sources/config-file.ts';

const makeKey = (): string => randomBytes(32).toString('base64');
const [one, two, secret] = [makeKey(), makeKey(), makeKey()];
const file = '/etc/wg-reach.toml';

const example = `[defaults]
profile = "metered"
prefer = "listed"
failback = "never"
handshake_probe = "auto"

[[peer]]
interface = "wg0"
public_key = "${one}"
endpoints = [
  "file",
  "backup.example:443",     # a comment
  "203.0.113.9:51820", "[2001:DB8::9]:51820",
]
tunnel_target = "172.25.1.1"
manage = false
profile = "fast"
prefer = "ipv4"
failback = "6h"
handshake_probe = "off"

[[peer]]
public_key = '${two}'
tunnel_target = ["FD08::1", "10.0.0.1", "fd08::1"]
`;

/** The problems of a text, as `line: message`. */
function problemsOf(text: string): string[] {
  const parsed = parseConfigFile(text, file);
  if (parsed.kind === 'ok') return [];
  return parsed.problems.map((problem) => {
    expect(problem.file).toBe(file);
    return `${problem.line}: ${problem.message}`;
  });
}

describe('parseConfigFile', () => {
  it('reads everything that may be written', () => {
    const place = (line: number) => ({ file, line });
    expect(parseConfigFile(example, file)).toEqual({
      kind: 'ok',
      file,
      defaults: {
        profile: 'metered',
        prefer: 'listed',
        failback: { kind: 'never' },
        handshakeProbe: 'auto',
      },
      peers: [
        {
          interface: 'wg0',
          publicKey: one,
          endpoints: [
            { kind: 'file', place: place(11) },
            { kind: 'host', host: { kind: 'name', name: 'backup.example' }, port: 443, place: place(12) },
            {
              kind: 'host',
              host: { kind: 'address', address: '203.0.113.9', family: 4 },
              port: 51820,
              place: place(13),
            },
            {
              kind: 'host',
              host: { kind: 'address', address: '2001:db8::9', family: 6 },
              port: 51820,
              place: place(13),
            },
          ],
          tunnelTargets: ['172.25.1.1'],
          manage: false,
          profile: 'fast',
          prefer: 'ipv4',
          failback: { kind: 'after', intervalMs: 6 * 3_600_000 },
          handshakeProbe: 'off',
          place: place(7),
        },
        {
          interface: null,
          publicKey: two,
          endpoints: null,
          tunnelTargets: ['fd08::1', '10.0.0.1'],
          manage: true,
          profile: null,
          prefer: null,
          failback: null,
          handshakeProbe: null,
          place: place(22),
        },
      ],
    });
  });

  it('takes an empty file, and one that begins with a byte order mark', () => {
    const nothing = {
      defaults: { profile: null, prefer: null, failback: null, handshakeProbe: null },
      peers: [],
    };
    expect(parseConfigFile('', file)).toMatchObject(nothing);
    expect(parseConfigFile('\ufeff[defaults]\r\nprofile = "fast"\r\n', file)).toMatchObject({
      defaults: { profile: 'fast' },
    });
  });

  const peer = `[[peer]]\npublic_key = "${one}"\n`;
  it.each([
    ['an unknown table', '\n[dns]\nservers = []\n', '2', /unknown key "dns" .*known are defaults, peer/],
    [
      'an unknown key in the defaults',
      '[defaults]\nprofil = "fast"\n',
      '2',
      /"profil" in \[defaults\]; known are profile/,
    ],
    [
      'an unknown key of a peer',
      `${peer}endpoint = "a:1"\n`,
      '3',
      /"endpoint" in this \[\[peer\]\].*endpoints/,
    ],
    ['a key of a peer in the defaults', '[defaults]\nmanage = true\n', '2', /unknown key "manage"/],
    ['a key that every object has', `${peer}constructor = 1\n`, '3', /unknown key "constructor"/],
    ['the prototype', `${peer}__proto__ = 1\n`, '3', /unknown key "__proto__"/],
    ['a key outside of any table', 'profile = "fast"\n', '1', /"profile" in the file outside of any table/],
    ['no public key', '\n[[peer]]\ninterface = "wg0"\n', '2', /\[\[peer\]\] has no "public_key"; add/],
    ['a table instead of a list', '\n[peer]\n', '2', /"peer" is a table; write \[\[peer\]\]/],
    ['a list instead of a table', '[[defaults]]\n', '1', /"defaults" is a list; expected a table/],
    [
      'a value instead of a peer',
      'peer = [1]\n',
      '1',
      /"peer" is a number; expected a table under \[\[peer\]\]/,
    ],
    [
      'an unknown profile',
      `${peer}profile = "quick"\n`,
      '3',
      /"profile" is "quick"; expected "fast", "balanced" or "metered"/,
    ],
    ['an unknown preference', `${peer}prefer = "latency"\n`, '3', /"ipv6", "ipv4" or "listed"/],
    ['a number for a duration', `${peer}failback = 10\n`, '3', /"failback" is a number; expected a duration/],
    ['a duration without a unit', `${peer}failback = "10"\n`, '3', /is "10"; .*"1m" to "7d"/],
    ['a text for yes or no', `${peer}manage = "no"\n`, '3', /"manage" is "no"; expected true or false/],
    ['a date', `${peer}interface = 2026-01-01\n`, '3', /"interface" is a date/],
    ['a bad interface', `${peer}interface = "wg0-much-too-long"\n`, '3', /"wg0-much-too-long".*17 bytes/],
    ['a text for the endpoints', `${peer}endpoints = "a.example:1"\n`, '3', /expected a list such as/],
    ['no endpoints', `${peer}endpoints = []\n`, '3', /empty list.*manage = false/],
    [
      'an endpoint without a port',
      `${peer}endpoints = [\n"file",\n"vpn.example"]\n`,
      '5',
      /"endpoints" has "vpn.example", which has no port/,
    ],
    ['a service', `${peer}endpoints = ["srv:_wg._udp.example"]\n`, '3', /not supported yet/],
    [
      'a number among the endpoints',
      `${peer}endpoints = [\n1]\n`,
      '4',
      /"endpoints" is a number; expected "file"/,
    ],
    ['a target with a mask', `${peer}tunnel_target = "10.0.0.1/24"\n`, '3', /mask; write the address alone/],
    [
      'a name as a target',
      `${peer}tunnel_target = "gw.example"\n`,
      '3',
      /"tunnel_target" has "gw.example", which is no IP/,
    ],
    [
      'a target among others',
      `${peer}tunnel_target = [\n"10.0.0.1",\n"x"]\n`,
      '5',
      /"x", which is no IP address/,
    ],
    ['a number as a target', `${peer}tunnel_target = 10\n`, '3', /is a number; expected an IP address/],
    ['a loopback target', `${peer}tunnel_target = "127.0.0.1"\n`, '3', /no address that one host/],
    ['a multicast target', `${peer}tunnel_target = "ff02::1"\n`, '3', /no address that one host/],
    ['a link-local target', `${peer}tunnel_target = "fe80::1%wg0"\n`, '3', /link-local/],
    ['no targets', `${peer}tunnel_target = []\n`, '3', /empty list/],
    ['text without quotes', `${peer}profile = fast\n`, '3', /not valid TOML: .*double quotes/],
    ['a duration without quotes', `${peer}failback = 10m\n`, '3', /not valid TOML: .*double quotes/],
    ['an open heading', `${peer}[[peer\n`, '3', /not valid TOML/],
    ['the same key twice', `${peer}profile = "fast"\nprofile = "fast"\n`, '4', /not valid TOML: .*redefine/],
    ['lists in lists', `a = ${'['.repeat(10_000)}\n`, '1', /nested/],
  ])('names the line of %s and what was expected', (_what, text, line, message) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(new RegExp(`^${line}: .*${message.source}`))]);
  });

  it('accepts durations from a minute to a week, and no others', () => {
    const problemsWith = (failback: string) => problemsOf(`[defaults]\nfailback = "${failback}"\n`).length;
    expect(['59s', '60s', '1m', '7d', '168h', '169h', '8d', '0m', 'always'].map(problemsWith)).toEqual([
      1, 0, 0, 0, 0, 1, 1, 1, 1,
    ]);
  });

  it('accepts as many endpoints and targets as the rest of the program uses, and no more', () => {
    const endpoints = (count: number) =>
      `${peer}endpoints = [${Array.from({ length: count }, (_, index) => `"a${index}.example:1"`).join()}]\n`;
    expect(problemsOf(endpoints(64))).toEqual([]);
    expect(problemsOf(endpoints(65))).toEqual([expect.stringContaining('more than 64')]);
    const targets = (count: number) =>
      `${peer}tunnel_target = [${Array.from({ length: count }, (_, index) => `"10.0.0.${index}"`).join()}]\n`;
    expect(problemsOf(targets(4))).toEqual([]);
    expect(problemsOf(targets(5))).toEqual([expect.stringContaining('more than 4')]);
  });

  it('tells all that is wrong at once, in the order of the lines', () => {
    const text = `[[peer]]\nfoo = 1\nbar = 1\n[[peer]]\npublic_key = "x"\nprofile = 1\n[defaults]\nbaz = 1\n`;
    expect(problemsOf(text).map((problem) => problem.split(':')[0])).toEqual(['1', '2', '3', '5', '6', '8']);
  });

  it('does not tell thousands of problems', () => {
    const problems = problemsOf('[[peer]]\n'.repeat(1_000));
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toContain('950 more problems');
  });

  it.each([
    ['as an unknown key', `${peer}private_key = "${secret}"\n`],
    ['as the public key with a digit too much', `[[peer]]\npublic_key = "A${secret}"\n`],
    ['as an endpoint', `${peer}endpoints = ["${secret}"]\n`],
    ['as an interface', `${peer}interface = "${secret}"\n`],
    ['as a profile', `${peer}profile = "${secret}"\n`],
    ['as a target', `${peer}tunnel_target = "${secret}"\n`],
    ['as the name of a key', `${peer}"${secret}" = 1\n`],
    ['without quotes', `${peer}private_key = ${secret}\n`],
    ['alone on a line', `${peer}${secret}\n`],
  ])('never repeats a secret that was written %s', (_what, text) => {
    const problems = problemsOf(text);
    expect(problems).not.toEqual([]);
    for (let start = 0; start + 12 <= secret.length; start++) {
      expect(problems.join('\n')).not.toContain(secret.slice(start, start + 12));
    }
  });

  it('puts every message on one printable line', () => {
    const nasty = '\\u001b[31m\\n\\u0000\\u202e';
    for (const text of [
      `${peer}profile = "${nasty}"\n`,
      `${peer}endpoints = ["${nasty}:1"]\n`,
      `${peer}"${nasty}" = 1\n`,
      `${peer}interface = "${'x'.repeat(10_000)}"\n`,
    ]) {
      const [problem = ''] = problemsOf(text);
      expect(problem).toMatch(/^[\x20-\x7e]{10,400}$/);
    }
  });

  it('never throws, and blames a line that exists', () => {
    const word = fc.constantFrom(
      '[defaults]\n',
      '[[peer]]\n',
      `public_key = "${one}"\n`,
      'endpoints = ["file", "a.example:1"]\n',
      'tunnel_target = "10.0.0.1"\n',
      'profile = "fast"\n',
      'failback = "10m"\n',
      'manage = ',
      'peer = ',
      'peer.',
      '{ a = 1 }',
      '[1, [2]]',
      'true\n',
      '1979-05-27\n',
      '\n',
    );
    const piece = fc.oneof(word, word, fc.string({ unit: 'binary' }));
    let acceptedCount = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const text = pieces.join('');
        const parsed = parseConfigFile(text, file);
        if (parsed.kind === 'ok') acceptedCount++;
        else {
          expect(parsed.problems.length).toBeGreaterThan(0);
          for (const { line } of parsed.problems) {
            expect(line).toBeGreaterThanOrEqual(1);
            expect(line).toBeLessThanOrEqual(text.split('\n').length);
          }
        }
      }),
      { numRuns: 2_000 },
    );
    expect(acceptedCount).toBeGreaterThan(0);
  });
});
