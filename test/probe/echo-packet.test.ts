import fc from 'fast-check';
import { expect, test } from 'vitest';
import { echoRequest, parseEchoReply, tokenBytes } from '../../src/probe/echo-packet.ts';

const token = Buffer.from('01234567', 'hex');

test.each([
  [4, '0800000000001234'],
  [6, '8000000000001234'],
] as const)('an IPv%i request is a header, the token and zeros', (family, header) => {
  const packet = echoRequest(family, 0x1234, token, 24);
  expect(packet.toString('hex')).toBe(`${header}${token.toString('hex')}${'00'.repeat(20)}`);
});

test('a reply gives back sequence number and token; a request, or one of the other family, does not', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(4 as const, 6 as const),
      fc.integer({ min: 0, max: 65_535 }),
      fc.uint8Array({ minLength: tokenBytes, maxLength: tokenBytes }),
      fc.integer({ min: tokenBytes, max: 100 }),
      (family, sequence, random, payloadBytes) => {
        const packet = echoRequest(family, sequence, Buffer.from(random), payloadBytes);
        expect(parseEchoReply(family, packet)).toBeNull();
        packet[0] = family === 4 ? 0 : 129;
        // What the kernel fills in does not matter.
        packet.writeUInt32BE(0xdeadbeef, 2);
        packet.writeUInt16BE(sequence, 6);
        expect(parseEchoReply(family, packet)).toEqual({ sequence, token: Buffer.from(random) });
        expect(parseEchoReply(family === 4 ? 6 : 4, packet)).toBeNull();
        expect(parseEchoReply(family, packet.subarray(0, 8 + tokenBytes - 1))).toBeNull();
      },
    ),
  );
});

test('arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(4 as const, 6 as const), fc.uint8Array(), (family, bytes) => {
      const reply = parseEchoReply(family, Buffer.from(bytes));
      return reply === null || reply.token.length === tokenBytes;
    }),
  );
});
