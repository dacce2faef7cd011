"""What others make of a bell: `open` a sealed body by http-ece, or check its `token` by joserfc. JSON in, JSON out."""

import base64
import json
import sys

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey


def bytes_of(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def open_body(question):
    """RFC 8291 by a library that knows nothing of ours."""
    private = ec.derive_private_key(int.from_bytes(bytes_of(question["private"]), "big"), ec.SECP256R1())
    plain = http_ece.decrypt(
        bytes_of(question["body"]),
        private_key=private,
        auth_secret=bytes_of(question["auth"]),
        version="aes128gcm",
    )
    return {"plain": plain.decode()}


def token(question):
    """RFC 8292: the token verifies by the key beside it."""
    scheme, _, parts = question["authorization"].partition(" ")
    assert scheme == "vapid"
    values = dict(part.split("=", 1) for part in parts.split(", "))
    point = bytes_of(values["k"])
    assert len(point) == 65 and point[0] == 4
    key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": text_of(point[1:33]), "y": text_of(point[33:])})
    try:
        decoded = jwt.decode(values["t"], key, algorithms=["ES256"])
    except (JoseError, ValueError):
        return {"refused": True}
    return {"header": decoded.header, "claims": decoded.claims}


if __name__ == "__main__":
    call = {"open": open_body, "token": token}[sys.argv[1]]
    json.dump(call(json.load(sys.stdin)), sys.stdout)
