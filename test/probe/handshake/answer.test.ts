import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createInitiation } from '../../../src/noise/initiation.ts';
import { createAnswerReader, type WaitingInitiation } from '../../../src/probe/handshake/answer.ts';
import { createResponder, publicOf } from '../../noise/responder.ts';

const secretOf = (seed: number) => new Uint8Array(32).fill(seed);
const peerPublicKey = publicOf(secretOf(2));
const responder = () =>
  createResponder(secretOf(2), [{ publicKey: publicOf(secretOf(1)), presharedKey: null }]);

function initiate(index: number, sentAtMs: number): WaitingInitiation & { readonly message: Uint8Array } {
  const created = createInitiation({
    privateKey: secretOf(1),
    peerPublicKey,
    presharedKey: null,
    ephemeralKey: secretOf(index + 10),
    index,
    timestamp: new Uint8Array(12),
    cookie: null,
  });
  if (created.kind !== 'created') throw new Error(created.kind);
  return { pending: created.pending, sentAtMs, message: created.message };
}

function answerTo(message: Uint8Array, underLoad = false): Uint8Array {
  const far = responder();
  far.load(underLoad);
  const answer = far.receive(message, 'here', 0);
  if (answer.kind === 'silence') throw new Error(answer.why);
  return answer.datagram;
}

test('of several initiations the one that is answered is found, and its time counts', () => {
  const waiting = [initiate(1, 100), initiate(2, 200), initiate(3, 300)];
  const reader = createAnswerReader(waiting);
  for (const { message, sentAtMs } of waiting) {
    const read = reader.read(answerTo(message), 1_000);
    expect(read).toEqual({ kind: 'authenticated', rttMs: 1_000 - sentAtMs });
    expect(reader.read(answerTo(message, true), 1_000)).toMatchObject({ kind: 'cookie' });
  }
});

test('an answer to one that is not waited for says nothing', () => {
  const other = initiate(9, 0);
  const waiting: WaitingInitiation[] = [initiate(1, 0)];
  const reader = createAnswerReader(waiting);
  expect(reader.read(answerTo(other.message), 0)).toBeNull();
  expect(reader.read(answerTo(other.message, true), 0)).toBeNull();
  waiting.push(other);
  expect(reader.read(answerTo(other.message), 0)).toMatchObject({ kind: 'authenticated' });
});

test('whatever else comes says nothing, and does not throw', () => {
  const waiting = [initiate(1, 0), initiate(2, 0)];
  const reader = createAnswerReader(waiting);
  const genuine = waiting.flatMap(({ message }) => [answerTo(message), answerTo(message, true)]);
  const spliced = fc
    .tuple(fc.constantFrom(...genuine), fc.nat(91), fc.uint8Array({ minLength: 1, maxLength: 30 }))
    .map(([datagram, from, put]) => {
      const changed = Uint8Array.from(datagram);
      const end = changed.length === 92 ? 76 : 64;
      changed.set(put.subarray(0, Math.max(0, end - (from % end))), from % end);
      return { changed, same: Buffer.compare(changed, datagram) === 0 };
    })
    .filter(({ same }) => !same)
    .map(({ changed }) => changed);
  fc.assert(
    fc.property(fc.oneof(spliced, fc.uint8Array({ maxLength: 300 })), (datagram) => {
      expect(reader.read(datagram, 0)).toBeNull();
    }),
    { numRuns: 1_000 },
  );
});
