import { describe, expect, test } from 'vitest';
import { open, openExtended, seal } from '../../src/noise/aead.ts';
import { deriveKeys, hash, mac, sameBytes } from '../../src/noise/blake2s.ts';
import { publicKeyOf, sharedSecret } from '../../src/noise/x25519.ts';
import { bytes, hex } from './vectors.ts';

describe('BLAKE2s', () => {
  test('RFC 7693, appendix B', () => {
    expect(hex(hash('abc'))).toBe('508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982');
    expect(hash('a', 'bc')).toEqual(hash('abc'));
  });

  // Of the reference code's BLAKE2SMAC with a size of 16: hashlib.blake2s(text, key=key, digest_size=16).
  test.each([
    [
      '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
      '',
      '9536f9b267655743dee97b8a670f9f53',
    ],
    ['00'.repeat(32), '01'.repeat(116), '54dbcea243537f37024f259f47c02cb1'],
    ['ab'.repeat(16), 'ff'.repeat(132), '2ca40ffbbdf784749da0af64e60e04dd'],
  ])('a mac with the key %s', (key, message, expected) => {
    expect(hex(mac(bytes(key), bytes(message)))).toBe(expected);
  });

  // From wireguard-go, device/kdf_test.go.
  test.each([
    [
      '746573742d6b6579',
      '746573742d696e707574',
      '6f0e5ad38daba1bea8a0d213688736f19763239305e0f58aba697f9ffc41c633',
      'df1194df20802a4fe594cde27e92991c8cae66c366e8106aaa937a55fa371e8a',
      'fac6e2745a325f5dc5d11a5b165aad08b0ada28e7b4e666b7c077934a4d76c24',
    ],
    [
      '',
      '',
      '8387b46bf43eccfcf349552a095d8315c4055beb90208fb1be23b894bc2ed5d0',
      '58a0e5f6faefccf4807bff1f05fa8a9217945762040bcec2f4b4a62bdfe0e86e',
      '0ce6ea98ec548f8e281e93e32db65621c45eb18dc6f0a7ad94178610a2f7338e',
    ],
  ])('keys derived from %s', (key, input, ...expected) => {
    expect(deriveKeys(bytes(key), bytes(input), 3).map(hex)).toEqual(expected);
    expect(deriveKeys(bytes(key), bytes(input), 2).map(hex)).toEqual(expected.slice(0, 2));
    expect(deriveKeys(bytes(key), bytes(input), 1).map(hex)).toEqual(expected.slice(0, 1));
  });

  test('values of another length are not the same', () => {
    expect(sameBytes(bytes('0102'), bytes('0102'))).toBe(true);
    expect(sameBytes(bytes('0102'), bytes('0103'))).toBe(false);
    expect(sameBytes(bytes('0102'), bytes('010200'))).toBe(false);
  });
});

describe('X25519', () => {
  test('RFC 7748, section 5.2: the first iteration', () => {
    const nine = Uint8Array.of(9, ...new Uint8Array(31));
    const expected = '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079';
    expect(hex(publicKeyOf(nine))).toBe(expected);
    expect(hex(sharedSecret(nine, nine) ?? new Uint8Array())).toBe(expected);
  });

  test('a key of low order gives no secret', () => {
    const secret = bytes('5a'.repeat(32));
    expect(sharedSecret(secret, new Uint8Array(32))).toBeNull();
    expect(sharedSecret(secret, Uint8Array.of(1, ...new Uint8Array(31)))).toBeNull();
  });

  test('both ends get the same secret, and the input is left as it was', () => {
    const [one, other] = [bytes('11'.repeat(32)), bytes('22'.repeat(32))];
    const secret = sharedSecret(one, publicKeyOf(other));
    expect(secret).toEqual(sharedSecret(other, publicKeyOf(one)));
    expect(secret?.some((byte) => byte !== 0)).toBe(true);
    expect(hex(one)).toBe('11'.repeat(32));
  });
});

describe('ChaCha20-Poly1305', () => {
  const key = bytes('80'.repeat(32));
  const about = bytes('c0c1');

  test('opens what it sealed, an empty text too, and nothing else', () => {
    for (const text of [new Uint8Array(), bytes('00ff'.repeat(20))]) {
      const sealed = seal(key, text, about);
      expect(sealed.length).toBe(text.length + 16);
      expect(hex(open(key, sealed, about) ?? bytes('bad0'))).toBe(hex(text));
      expect(open(bytes('81'.repeat(32)), sealed, about)).toBeNull();
      expect(open(key, sealed, bytes('c0c2'))).toBeNull();
      expect(open(key, sealed.subarray(1), about)).toBeNull();
    }
    expect(open(key, new Uint8Array(15), about)).toBeNull();
  });

  // draft-irtf-cfrg-xchacha-03, appendix A.3.1.
  test('XChaCha20-Poly1305', () => {
    const text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
    const sealed = bytes(
      'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49',
    );
    const nonce = bytes('404142434445464748494a4b4c4d4e4f5051525354555657');
    const extendedKey = bytes('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
    const aad = bytes('50515253c0c1c2c3c4c5c6c7');
    const opened = openExtended(extendedKey, nonce, sealed, aad);
    expect(new TextDecoder().decode(opened ?? new Uint8Array())).toBe(text);
    expect(openExtended(extendedKey, nonce, sealed, bytes('51'))).toBeNull();
    expect(openExtended(extendedKey, nonce, sealed.subarray(0, 15), aad)).toBeNull();
  });
});
