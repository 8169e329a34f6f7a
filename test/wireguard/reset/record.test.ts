import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeRecord, encodeRecord, type PeerRecord } from '../../../src/wireguard/reset/record.ts';

const key = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const record: fc.Arbitrary<PeerRecord> = fc.record({
  interface: fc.constantFrom('wg0', 'wg-office_1', 'ẅg0', 'a.b'),
  interfaceIndex: fc.nat(),
  bootId: fc.constant('4b0a4b62-6f3b-4a0e-9d7c-0f4f2f1c2a11'),
  atBootMs: fc.nat(),
  peer: key,
  endpoint: fc.constantFrom(
    { address: '203.0.113.1', port: 1 },
    { address: '2001:db8::1', port: 65535 },
    { address: 'fe80::1%eth0', port: 5 },
  ),
  allowedIps: fc.array(fc.constantFrom('0.0.0.0/0', '::/0', '10.0.0.0/24', 'fd00::1/128'), {
    maxLength: 140,
  }),
  persistentKeepaliveS: fc.nat(65_535),
  presharedKey: fc.option(key.map((text) => Buffer.from(text))),
});

it('comes back as it was written', () => {
  fc.assert(
    fc.property(record, (one) => {
      expect(decodeRecord(encodeRecord(one))).toEqual(one);
    }),
  );
});

it('damaged in any byte, or cut off or lengthened anywhere, it is no record', () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, by) => {
      const whole = encodeRecord(one);
      const damaged = Buffer.from(whole);
      damaged[at % whole.length] = (whole[at % whole.length] ?? 0) ^ by;
      expect(decodeRecord(damaged)).toBeNull();
      expect(decodeRecord(whole.subarray(0, at % whole.length))).toBeNull();
      expect(decodeRecord(Buffer.concat([whole, randomBytes(1 + (at % 5))]))).toBeNull();
    }),
  );
});

it('never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => decodeRecord(Buffer.from(bytes)) === null),
  );
});
