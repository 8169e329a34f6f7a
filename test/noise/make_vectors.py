#!/usr/bin/env python3
"""Makes vectors.json: WireGuard handshakes computed after the whitepaper by other libraries than the program's own.

Hashes: Python's hashlib (the reference code of BLAKE2). X25519 and ChaCha20-Poly1305: the package `cryptography`.
HChaCha20: written here after draft-irtf-cfrg-xchacha, and checked with the vector of its section 2.2.1.
The private keys are SHA-256 of a seed and a name, so that there is none in the file.
Run it as `python3 make_vectors.py > vectors.json`; it gives the same text each time.
"""

import hashlib
import hmac
import json
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def blake2s(*parts, key=b"", size=32):
    return hashlib.blake2s(b"".join(parts), key=key, digest_size=size).digest()


def kdf(count, key, text):
    secret = hmac.new(key, text, hashlib.blake2s).digest()
    out, last = [], b""
    for number in range(1, count + 1):
        last = hmac.new(secret, last + bytes([number]), hashlib.blake2s).digest()
        out.append(last)
    return out


def public(private):
    key = X25519PrivateKey.from_private_bytes(private).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def dh(private, other):
    return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(other))


def seal(key, text, about):
    return ChaCha20Poly1305(key).encrypt(bytes(12), text, about)


def hchacha20(key, nonce):
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))
    mask = 0xFFFFFFFF

    def quarter(a, b, c, d):
        for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & mask
            mixed = state[z] ^ state[x]
            state[z] = ((mixed << turn) | (mixed >> (32 - turn))) & mask

    for _ in range(10):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        quarter(0, 5, 10, 15)
        quarter(1, 6, 11, 12)
        quarter(2, 7, 8, 13)
        quarter(3, 4, 9, 14)
    return struct.pack("<8I", *state[:4], *state[12:])


assert hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927")) == bytes.fromhex(
    "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
)


def xseal(key, nonce, text, about):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(bytes(4) + nonce[16:], text, about)


def timestamp(seconds, nanoseconds):
    return struct.pack(">QI", 0x400000000000000A + seconds, nanoseconds & ~(2**24 - 1))


def handshake(seed, preshared, seconds, nanoseconds):
    def chance(name, size=32):
        return hashlib.sha256(f"{seed} {name}".encode()).digest()[:size]

    initiator, responder = chance("initiator"), chance("responder")
    ephemeral_i, ephemeral_r = chance("ephemeral i"), chance("ephemeral r")
    index_i, index_r = chance("index i", 4), chance("index r", 4)
    cookie, nonce = chance("cookie", 16), chance("nonce", 24)
    psk = chance("psk") if preshared else bytes(32)
    static_i, static_r = public(initiator), public(responder)

    chain = blake2s(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
    text = blake2s(chain, b"WireGuard v1 zx2c4 Jason@zx2c4.com")
    text = blake2s(text, static_r)

    e = public(ephemeral_i)
    (chain,) = kdf(1, chain, e)
    text = blake2s(text, e)
    chain, key = kdf(2, chain, dh(ephemeral_i, static_r))
    static = seal(key, static_i, text)
    text = blake2s(text, static)
    chain, key = kdf(2, chain, dh(initiator, static_r))
    stamp = timestamp(seconds, nanoseconds)
    sealed_stamp = seal(key, stamp, text)
    text = blake2s(text, sealed_stamp)
    first = b"\x01\0\0\0" + index_i + e + static + sealed_stamp
    mac1 = blake2s(first, key=blake2s(b"mac1----", static_r), size=16)
    mac2 = blake2s(first, mac1, key=cookie, size=16)

    e = public(ephemeral_r)
    (chain,) = kdf(1, chain, e)
    text = blake2s(text, e)
    (chain,) = kdf(1, chain, dh(ephemeral_r, public(ephemeral_i)))
    (chain,) = kdf(1, chain, dh(ephemeral_r, static_i))
    chain, mixed, key = kdf(3, chain, psk)
    text = blake2s(text, mixed)
    second = b"\x02\0\0\0" + index_r + index_i + e + seal(key, b"", text)
    second += blake2s(second, key=blake2s(b"mac1----", static_i), size=16) + bytes(16)

    reply = b"\x03\0\0\0" + index_i + nonce + xseal(blake2s(b"cookie--", static_r), nonce, cookie, mac1)

    return {
        "seed": seed,
        "preshared": preshared,
        "publicKey": static_i.hex(),
        "peerPublicKey": static_r.hex(),
        "index": struct.unpack("<I", index_i)[0],
        "wallMs": seconds * 1000 + nanoseconds // 1000000,
        "timestamp": stamp.hex(),
        "cookie": cookie.hex(),
        "initiation": (first + mac1 + bytes(16)).hex(),
        "initiationWithCookie": (first + mac1 + mac2).hex(),
        "response": second.hex(),
        "cookieReply": reply.hex(),
    }


print(
    json.dumps(
        [
            handshake("one", False, 1_700_000_000, 0),
            handshake("two", True, 1_795_000_123, 999_000_000),
            handshake("three", True, 1_900_000_000, 16_000_000),
            handshake("four", False, 2_000_000_000, 17_000_000),
        ],
        indent=2,
    )
)
