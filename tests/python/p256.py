"""ECDSA over P-256 in a few lines, for a keystore that exists in tests alone: not constant in time."""

import hashlib
import secrets

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def _add(one, other):
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    if one == other:
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def _times(number, point):
    total = None
    while number:
        if number & 1:
            total = _add(total, point)
        point = _add(point, point)
        number >>= 1
    return total


def _der(*numbers):
    parts = b""
    for number in numbers:
        body = number.to_bytes(number.bit_length() // 8 + 1, "big")
        parts += bytes([2, len(body)]) + body
    return bytes([0x30, len(parts)]) + parts


class Key:
    """A signing key."""

    def __init__(self):
        self._secret = secrets.randbelow(N - 1) + 1
        x, y = _times(self._secret, G)
        #: SEC 1, uncompressed: 65 bytes.
        self.public = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")

    def secret(self) -> bytes:
        """Its private number, for who writes it into a file."""
        return self._secret.to_bytes(32, "big")

    def sign(self, message: bytes) -> bytes:
        """SHA-256, ECDSA, as DER."""
        digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
        while True:
            once = secrets.randbelow(N - 1) + 1
            r = _times(once, G)[0] % N
            s = pow(once, -1, N) * (digest + r * self._secret) % N
            if r and s:
                return _der(r, s)
