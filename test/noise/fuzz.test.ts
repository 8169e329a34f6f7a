import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeCookieReply } from '../../src/noise/cookie-reply.ts';
import { createInitiation } from '../../src/noise/initiation.ts';
import { judgeResponse } from '../../src/noise/response.ts';
import { createResponder } from './responder.ts';
import { bytes, type HandshakeVector, inputOf, secretOf, vectors } from './vectors.ts';

const vector = vectors[1] as HandshakeVector;
const input = inputOf(vector);
const created = createInitiation(input);
if (created.kind !== 'created') throw new Error(created.kind);
const { pending } = created;
const genuine = { response: bytes(vector.response), cookieReply: bytes(vector.cookieReply) };
const asBytes = (length: { minLength: number; maxLength: number }) => fc.uint8Array(length);

function judgements(datagram: Uint8Array): string[] {
  return [judgeResponse(pending, datagram).kind, judgeCookieReply(pending, datagram).kind];
}

/** What was made by nobody who holds the peer's key. */
function expectRefused(datagram: Uint8Array): void {
  for (const kind of judgements(datagram)) expect(['malformed', 'not-for-us']).toContain(kind);
}

test('the genuine ones are accepted, so that this tests something', () => {
  expect(judgements(genuine.response)).toEqual(['authenticated', 'malformed']);
  expect(judgements(genuine.cookieReply)).toEqual(['malformed', 'cookie']);
});

test('random datagrams, also with our index and the right type and length', () => {
  const bodies = fc.oneof(
    asBytes({ minLength: 0, maxLength: 200 }),
    ...[92, 64].map((length) => asBytes({ minLength: length, maxLength: length })),
  );
  const dressed = fc.tuple(bodies, fc.boolean()).map(([body, dress]) => {
    const type = body.length === 92 ? 2 : 3;
    const header = Uint8Array.of(type, 0, 0, 0);
    if (!dress || body.length < 12) return body;
    body.set(header);
    new DataView(body.buffer).setUint32(type === 2 ? 8 : 4, pending.index, true);
    return body;
  });
  fc.assert(fc.property(dressed, expectRefused), { numRuns: 1_000 });
});

test('any bit flipped in what mac1 or the seal covers', () => {
  for (const datagram of Object.values(genuine)) {
    // mac2 of a response is a promise to a host under load, and no part of the proof.
    const covered = datagram.length === 92 ? 76 : 64;
    for (let bit = 0; bit < 8 * covered; bit += 1) {
      const changed = Uint8Array.from(datagram);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expectRefused(changed);
    }
  }
});

test('truncated and lengthened', () => {
  const sizes = fc.tuple(fc.constantFrom(...Object.values(genuine)), fc.nat(300));
  const resized = sizes
    .filter(([datagram, length]) => length !== datagram.length)
    .map(([datagram, length]) => Uint8Array.from({ length }, (_, index) => datagram[index] ?? 0));
  fc.assert(fc.property(resized, expectRefused), { numRuns: 500 });
});

test('a response to any other initiation, or from any other key', () => {
  const chance = (seed: number) => (count: number) =>
    Uint8Array.from({ length: count }, (_, index) => (seed * 31 + index * 17 + 5) & 255);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(255), (ephemeralKey, seed) => {
      const other = createInitiation({ ...input, ephemeralKey });
      if (other.kind !== 'created') throw new Error(other.kind);
      const self = { publicKey: pending.ownPublicKey, presharedKey: input.presharedKey };
      const responder = createResponder(secretOf(vector, 'responder'), [self], chance(seed));
      const answer = responder.receive(other.message, 'here', 0);
      if (answer.kind !== 'response') throw new Error(JSON.stringify(answer));
      // It carries our index and a right mac1, so only the last step can tell; and it proves no peer without a key.
      expect(judgeResponse(pending, answer.datagram)).toEqual({
        kind: 'other-preshared-key',
        theirs: 'unknown',
      });
      expect(judgeResponse(other.pending, answer.datagram)).toEqual({ kind: 'authenticated' });
    }),
    { numRuns: 50 },
  );
});
