import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeKeyText, isKeyText, parseDump } from '../../src/wireguard/dump.ts';

const keyOf = (letter: string) => `${letter.repeat(42)}A=`;
const head = `${keyOf('P')}\t${keyOf('Q')}\t51820\toff\n`;
const line = (...fields: string[]) => `${fields.join('\t')}\n`;
const full = line(
  ...[
    keyOf('B'),
    keyOf('K'),
    '[2001:db8::1]:51820',
    '10.0.0.0/24,fd00::/64',
    '1795345673',
    '19004',
    '60260',
    '25',
  ],
);
const bare = line(keyOf('C'), '(none)', '(none)', '(none)', '0', '0', '0', 'off');

it('reads an interface with its peers', () => {
  const dump = parseDump(Buffer.from(head + full + bare));
  expect(dump?.privateKey?.toString()).toBe(keyOf('P'));
  expect(dump?.peers.get(keyOf('B'))).toEqual({
    presharedKey: Buffer.from(keyOf('K')),
    endpoint: { address: '2001:db8::1', port: 51820 },
    allowedIps: ['10.0.0.0/24', 'fd00::/64'],
    latestHandshakeS: 1_795_345_673,
    rxBytes: 19_004,
    txBytes: 60_260,
    persistentKeepaliveS: 25,
  });
  expect(dump?.peers.get(keyOf('C'))).toMatchObject({
    presharedKey: null,
    endpoint: null,
    allowedIps: [],
    persistentKeepaliveS: 0,
  });
  expect(parseDump(Buffer.from(`(none)\t(none)\t0\toff\n`))).toMatchObject({ privateKey: null });
});

it('wipes all keys at once', () => {
  const output = Buffer.from(head + full);
  const dump = parseDump(output);
  const secret = dump?.peers.get(keyOf('B'))?.presharedKey;
  dump?.wipe();
  expect(secret).toEqual(Buffer.alloc(44));
  expect(output.equals(Buffer.alloc(output.length))).toBe(true);
});

it.each([
  '',
  full,
  `${head}${full.replace('\t25', '')}`,
  `${head}${full.replace(keyOf('K'), 'short')}`,
  `${head}${full.replace('fd00::/64', 'fd00::/64 ')}`,
  `${head}${full.replace('19004', '-1')}`,
  head.replace(keyOf('P'), 'x'),
])('takes nothing else', (text) => {
  expect(parseDump(Buffer.from(text))).toBeNull();
});

it('never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => void parseDump(Buffer.from(head + text, 'latin1'))),
  );
});

it('decodes keys as everybody does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = Buffer.from(Buffer.from(bytes).toString('base64'));
      expect(isKeyText(text)).toBe(true);
      expect(decodeKeyText(text)).toEqual(Buffer.from(bytes));
    }),
  );
  for (const bad of ['', 'A'.repeat(44), `${'A'.repeat(42)}=`, `${'A'.repeat(42)}-=`, `${'A'.repeat(44)}=`]) {
    expect(isKeyText(Buffer.from(bad))).toBe(false);
  }
});
