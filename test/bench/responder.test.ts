import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { blake2s } from '../../bench/cost/responder/blake2s.ts';
import { createResponder, open, seal } from '../../bench/cost/responder/handshake.ts';
import { answerInnerEcho } from '../../bench/cost/responder/inner-echo.ts';
import { generateKeyPair } from '../../lab/keys.ts';

const counting = (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, index) => index & 255));

describe('BLAKE2s', () => {
  it('is what Node has, without a key', () => {
    for (const length of [0, 1, 63, 64, 65, 128, 300]) {
      const message = counting(length);
      const expected = createHash('blake2s256').update(message).digest('hex');
      expect(blake2s(message, Buffer.alloc(0), 32).toString('hex')).toBe(expected);
    }
  });

  it('is that of its authors with a key (blake2s-kat.txt)', () => {
    const keyed = (length: number) => blake2s(counting(length), counting(32), 32).toString('hex');
    expect(keyed(0)).toBe('48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49');
    expect(keyed(1)).toBe('40d15fee7c328830166ac3f918650f807e7e01e177258cdc0a39b11f598066f1');
  });
});

describe('a sealed packet', () => {
  const key = counting(32);

  it('is opened by the same key and counter only, and unchanged', () => {
    const sealed = seal(key, 7n, Buffer.from('hello'), Buffer.from('x'));
    expect(open(key, 7n, sealed, Buffer.from('x'))?.toString()).toBe('hello');
    expect(open(key, 8n, sealed, Buffer.from('x'))).toBeNull();
    sealed.writeUInt8(sealed.readUInt8(0) ^ 1, 0);
    expect(open(key, 7n, sealed, Buffer.from('x'))).toBeNull();
    expect(open(key, 7n, Buffer.alloc(3), Buffer.alloc(0))).toBeNull();
  });
});

describe('the played server', () => {
  it('answers nothing that is no initiation for its key', () => {
    const responder = createResponder(generateKeyPair(), generateKeyPair().publicKey);
    const initiation = Buffer.alloc(148);
    initiation.writeUInt32LE(1, 0);
    Buffer.from(generateKeyPair().publicKey, 'base64').copy(initiation, 8);
    expect(responder.answer(initiation, 1)).toBeNull();
    expect(responder.answer(Buffer.alloc(147), 1)).toBeNull();
  });
});

describe('the echo inside', () => {
  const client = [10, 77, 0, 2];
  const server = [10, 100, 0, 1];
  const request = Buffer.concat([
    Buffer.from([0x45, 0, 0, 32, 0, 0, 0, 0, 64, 1, 0, 0, ...client, ...server]),
    Buffer.from([8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
  ]);
  const sumOf = (bytes: Buffer) => {
    let sum = 0;
    for (let index = 0; index < bytes.length; index += 2) sum += bytes.readUInt16BE(index);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    return sum;
  };
  request.writeUInt16BE(0xffff - sumOf(request.subarray(0, 20)), 10);
  request.writeUInt16BE(0xffff - sumOf(request.subarray(20)), 22);

  it('goes back to who asked, with checksums that are right, and without padding', () => {
    const answer = answerInnerEcho(Buffer.concat([request, Buffer.alloc(16)]), Buffer.from(server));
    expect(answer?.length).toBe(request.length);
    expect([...(answer?.subarray(12, 20) ?? [])]).toEqual([...server, ...client]);
    expect(answer?.[20]).toBe(0);
    expect(answer?.subarray(24)).toEqual(request.subarray(24));
    expect(sumOf(answer?.subarray(0, 20) ?? request)).toBe(0xffff);
    expect(sumOf(answer?.subarray(20) ?? request)).toBe(0xffff);
  });

  it('is answered by nobody else, and nothing else is', () => {
    expect(answerInnerEcho(request, Buffer.from(client))).toBeNull();
    const other = Buffer.from(request);
    other[20] = 13;
    expect(answerInnerEcho(other, Buffer.from(server))).toBeNull();
    expect(answerInnerEcho(request.subarray(0, 24), Buffer.from(server))).toBeNull();
  });
});
