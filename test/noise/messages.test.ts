import { describe, expect, test } from 'vitest';
import { judgeCookieReply } from '../../src/noise/cookie-reply.ts';
import { createInitiation, type InitiationInput } from '../../src/noise/initiation.ts';
import { forgetHandshake, type PendingHandshake } from '../../src/noise/pending-handshake.ts';
import { judgeResponse } from '../../src/noise/response.ts';
import { publicKeyOf } from '../../src/noise/x25519.ts';
import { createResponder } from './responder.ts';
import { bytes, type HandshakeVector, hex, inputOf, secretOf, vectors } from './vectors.ts';

const named = vectors.map((vector) => [vector.seed, vector] as const);

function initiate(input: InitiationInput): { message: Uint8Array; pending: PendingHandshake } {
  const created = createInitiation(input);
  if (created.kind !== 'created') throw new Error(created.kind);
  return created;
}

/** What is to be found in a vector's input after a call: nothing may have been changed in it. */
function snapshot(input: InitiationInput): string {
  return JSON.stringify(
    Object.values(input).map((value) => (value instanceof Uint8Array ? hex(value) : value)),
  );
}

describe.each(named)('handshake %s of an independent implementation', (_seed, vector: HandshakeVector) => {
  const input = inputOf(vector);

  test('the public key', () => {
    expect(hex(publicKeyOf(input.privateKey))).toBe(vector.publicKey);
  });

  test('the initiation, with a cookie and without, and nothing given is changed', () => {
    const before = snapshot(input);
    expect(hex(initiate(input).message)).toBe(vector.initiation);
    const withCookie = initiate({ ...input, cookie: bytes(vector.cookie) });
    expect(hex(withCookie.message)).toBe(vector.initiationWithCookie);
    expect(snapshot(input)).toBe(before);
  });

  test('the response is authenticated, and again: nothing is used up by looking', () => {
    const { pending } = initiate(input);
    expect(judgeResponse(pending, bytes(vector.response))).toEqual({ kind: 'authenticated' });
    expect(judgeResponse(pending, bytes(vector.response))).toEqual({ kind: 'authenticated' });
  });

  test('another preshared key is named, and the far side having none is proven', () => {
    const other = initiate({ ...input, presharedKey: secretOf(vector, 'another psk') });
    const theirs = vector.preshared ? 'unknown' : 'none';
    const result = judgeResponse(other.pending, bytes(vector.response));
    expect(result).toEqual({ kind: 'other-preshared-key', theirs });
  });

  test('without a preshared key, a far side that has one is not proven', () => {
    const none = initiate({ ...input, presharedKey: null });
    const expected = vector.preshared
      ? { kind: 'other-preshared-key', theirs: 'unknown' }
      : { kind: 'authenticated' };
    expect(judgeResponse(none.pending, bytes(vector.response))).toEqual(expected);
  });

  test('the cookie reply gives the cookie', () => {
    const { pending } = initiate(input);
    const result = judgeCookieReply(pending, bytes(vector.cookieReply));
    expect(result.kind === 'cookie' ? hex(result.cookie) : result).toBe(vector.cookie);
  });

  test('answers to another initiation are not for us', () => {
    for (const change of [{ index: vector.index ^ 1 }, { ephemeralKey: secretOf(vector, 'another') }]) {
      const { pending } = initiate({ ...input, ...change });
      expect(judgeResponse(pending, bytes(vector.response)).kind).not.toBe('authenticated');
      expect(judgeCookieReply(pending, bytes(vector.cookieReply))).toEqual({ kind: 'not-for-us' });
    }
  });

  test('each kind of answer is malformed as the other', () => {
    const { pending } = initiate(input);
    expect(judgeResponse(pending, bytes(vector.cookieReply))).toEqual({ kind: 'malformed' });
    expect(judgeCookieReply(pending, bytes(vector.response))).toEqual({ kind: 'malformed' });
  });

  test('a forgotten handshake holds no secret and believes nothing', () => {
    const { pending } = initiate(input);
    const { presharedKey, chainingKey, transcript } = pending;
    forgetHandshake(pending);
    for (const secret of [presharedKey, chainingKey, transcript]) expect(hex(secret)).toBe('00'.repeat(32));
    expect(pending.privateKeys).toBeNull();
    expect(judgeResponse(pending, bytes(vector.response))).toEqual({ kind: 'not-for-us' });
    expect(judgeCookieReply(pending, bytes(vector.cookieReply))).toEqual({ kind: 'not-for-us' });
    expect(hex(input.privateKey)).toBe(hex(secretOf(vector, 'initiator')));
  });
});

test('a peer key of low order is unusable', () => {
  const [vector] = vectors;
  if (vector === undefined) throw new Error('no vectors');
  const input = { ...inputOf(vector), peerPublicKey: new Uint8Array(32) };
  expect(createInitiation(input)).toEqual({ kind: 'unusable-peer-key' });
});

describe('against a responder after the whitepaper', () => {
  const input = { ...inputOf(vectors[1] as HandshakeVector) };
  const secret = secretOf(vectors[1] as HandshakeVector, 'responder');
  const self = { publicKey: publicKeyOf(input.privateKey), presharedKey: input.presharedKey };

  test('it answers, and the answer is authenticated', () => {
    const responder = createResponder(secret, [self]);
    expect(hex(responder.publicKey)).toBe(hex(input.peerPublicKey));
    const { message, pending } = initiate(input);
    const answer = responder.receive(message, 'here', 0);
    if (answer.kind !== 'response') throw new Error(JSON.stringify(answer));
    expect(judgeResponse(pending, answer.datagram)).toEqual({ kind: 'authenticated' });
    expect(responder.receive(message, 'here', 1_000)).toEqual({ kind: 'silence', why: 'timestamp' });
  });

  test('it knows nobody else, and notices a wrong mac1 and a wrong key of its own', () => {
    const stranger = createResponder(secret, [{ ...self, publicKey: input.peerPublicKey }]);
    const { message } = initiate(input);
    expect(stranger.receive(message, 'here', 0)).toEqual({ kind: 'silence', why: 'who' });
    const elsewhere = createResponder(secretOf(vectors[1] as HandshakeVector, 'other'), [self]);
    expect(elsewhere.receive(message, 'here', 0)).toEqual({ kind: 'silence', why: 'mac1' });
  });

  test('under load it wants its cookie, from the same place only', () => {
    const responder = createResponder(secret, [self]);
    responder.load(true);
    const first = initiate(input);
    const asked = responder.receive(first.message, 'here', 0);
    if (asked.kind !== 'cookie-reply') throw new Error(JSON.stringify(asked));
    const reply = judgeCookieReply(first.pending, asked.datagram);
    if (reply.kind !== 'cookie') throw new Error(JSON.stringify(reply));
    const second = initiate({ ...input, index: 7, cookie: reply.cookie });
    expect(responder.receive(second.message, 'elsewhere', 100).kind).toBe('cookie-reply');
    const answer = responder.receive(second.message, 'here', 200);
    if (answer.kind !== 'response') throw new Error(JSON.stringify(answer));
    expect(judgeResponse(second.pending, answer.datagram)).toEqual({ kind: 'authenticated' });
    expect(judgeResponse(first.pending, answer.datagram)).toEqual({ kind: 'not-for-us' });
  });
});
