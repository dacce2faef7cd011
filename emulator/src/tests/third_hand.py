"""A host for Token2's display tokens by a third hand: chapters of their description into bytes, SM4 by `cryptography`.

It plays the virtual reader: it listens, tells its port, and burns the token that connects.
"""

import hashlib
import socket
import struct
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, modes

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import SM4
except ImportError:
    from cryptography.hazmat.primitives.ciphers.algorithms import SM4

NOW = 1_700_000_000
RFC_SEED = b"12345678901234567890"
SINGLE_KEY = bytes.fromhex("8AD206883CA369482AB27182B6E83224")


def ecb(key, plain):
    return Cipher(SM4(key), modes.ECB()).encryptor().update(plain)


def pad(plain):
    return plain + b"\x80" + bytes(-(len(plain) + 1) % 16)


def mac(key, message):
    if len(message) % 16:
        message = pad(message)
    return Cipher(SM4(key), modes.CBC(bytes(16))).encryptor().update(message)[-16:-12]


class Token:
    """What connected."""

    def __init__(self, stream):
        self.stream = stream

    def say(self, message):
        self.stream.sendall(struct.pack(">H", len(message)) + message)

    def hear(self):
        (length,) = struct.unpack(">H", self.exactly(2))
        return self.exactly(length)

    def exactly(self, length):
        heard = b""
        while len(heard) < length:
            more = self.stream.recv(length - len(heard))
            assert more, "the card hung up"
            heard += more
        return heard

    def send(self, header, data=b"", le=b""):
        """One command; its answer's data and its status word."""
        self.say(bytes.fromhex(header) + (bytes([len(data)]) + data if data else b"") + le)
        answer = self.hear()
        return answer[:-2], answer[-2:].hex().upper()

    def secured(self, key, header, body):
        message = bytes.fromhex(header.replace("84", "80", 1)) + bytes([len(body)]) + body
        return self.send(header, body + mac(key, message))

    def authenticate(self, key):
        challenge, status = self.send("804B0800", le=b"\x00")
        assert (len(challenge), status) == (8, "9000")
        return self.send("80CE0000", ecb(key, challenge + bytes(8)))[1]


def ok(answer):
    assert answer[1] == "9000", answer
    return answer[0]


def single(token):
    info = ok(token.send("80410000", b"\x02\x11"))
    length = info[3]
    print("serial", info[4 : 4 + length].decode())
    assert token.authenticate(SINGLE_KEY) == "9000"
    config = b"\x81\x11\x1f\x01\x03\x0f\x04" + struct.pack(">I", NOW) + b"\x86\x06\x0a\x01\x02\x0d\x01\x3c"
    ok(token.secured(SINGLE_KEY, "84D40000", config))
    ok(token.secured(SINGLE_KEY, "84C50100", ecb(SINGLE_KEY, pad(RFC_SEED))))
    (clock,) = struct.unpack(">I", ok(token.send("80410000", le=b"\x00"))[length + 6 :])
    print("off by", clock - NOW)
    print("seed of 64 bytes", token.secured(SINGLE_KEY, "84C50100", ecb(SINGLE_KEY, pad(bytes(range(64)))))[1])
    ok(token.secured(SINGLE_KEY, "84C50100", ecb(SINGLE_KEY, pad(RFC_SEED))))
    ok(token.send("804B0800", le=b"\x00"))
    print("no seed without a challenge", token.secured(SINGLE_KEY, "84C50100", ecb(SINGLE_KEY, pad(b"other")))[1])


def molto_key(customer=b"TOKEN2MOLTO1-KEY"):
    return hashlib.sha1(customer).digest()[:16]


NEW_KEY = "ein längerer Schlüssel".encode()


def molto(token):
    key = molto_key()
    assert token.authenticate(key) == "9000"
    title = "Grüße".encode()
    config = b"\x81\x14\x1f\x01\x00\x0f\x04" + struct.pack(">I", NOW) + b"\x86\x09\x0a\x01\x02\x0b\x01\x0a\x0d\x01\x3c"
    ok(token.secured(key, "84D40131", config))
    ok(token.secured(key, "84C50131", ecb(key, pad(RFC_SEED))))
    ok(token.secured(key, "84D50031", ecb(key, pad(title))))
    block = ok(token.send("80410031", b"\x70"))
    assert block[:4] == b"\x95\x1f\x70\x1d" and block[-4:] == b"\x02\x3c\x0a\x01", block.hex()
    print("profile 49 holds", block[5:21].rstrip(b"\x00").decode())
    change = ecb(key, pad(b"\x00" + molto_key(NEW_KEY)))
    print("another key", token.secured(key, "84D70000", change)[1])


def molto_again(token):
    print("old key", token.authenticate(molto_key()))
    print("new key", token.authenticate(molto_key(NEW_KEY)))


def signed(key, header, body):
    """A command with its MAC, as hexadecimal digits."""
    message = bytes.fromhex(header.replace("84", "80", 1)) + bytes([len(body)]) + body
    whole = body + mac(key, message)
    return header + (bytes([len(whole)]) + whole).hex().upper()


def made(family, key, challenge, now, seed, display, algorithm, digits, step, profile, title):
    """What a burn sends after the challenge: proof, settings, seed, and a Molto-2's title."""
    key, challenge, seed, title = (bytes.fromhex(it) for it in (key, challenge, seed, title))
    now, display, algorithm, digits, step, profile = map(int, (now, display, algorithm, digits, step, profile))
    key = key if family == "single" else hashlib.sha1(key).digest()[:16]
    clock = bytes([0x1F, 1, display, 0x0F, 4]) + struct.pack(">I", now)
    proof = "80CE000010" + ecb(key, challenge + bytes(8)).hex().upper()
    if family == "single":
        config = b"\x81\x11" + clock + bytes([0x86, 6, 0x0A, 1, algorithm, 0x0D, 1, step])
        sealed = ecb(key, pad(seed.ljust(20, b"\x00")))
        return [proof, signed(key, "84D40000", config), signed(key, "84C50100", sealed)]
    config = b"\x81\x14" + clock + bytes([0x86, 9, 0x0A, 1, algorithm, 0x0B, 1, digits, 0x0D, 1, step])
    at = f"{profile:02X}"
    return [
        proof,
        signed(key, "84D401" + at, config),
        signed(key, "84C501" + at, ecb(key, pad(seed))),
        signed(key, "84D500" + at, ecb(key, pad(title))),
    ]


def main(burn):
    if burn == "make":
        for line in sys.stdin:
            print(*made(*line.rstrip("\n").split(" ")))
        return
    if burn == "check":
        known = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
        print(ecb(known, known).hex().upper())
        return
    sys.stdout.reconfigure(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        print(server.getsockname()[1], flush=True)
        stream, _ = server.accept()
    with stream:
        stream.settimeout(20)
        token = Token(stream)
        token.say(b"\x01")
        token.say(b"\x04")
        assert token.hear().hex() == "3b80800101"
        {"single": single, "molto": molto, "molto-again": molto_again}[burn](token)


main(sys.argv[1])
