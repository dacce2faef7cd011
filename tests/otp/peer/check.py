"""Codes by other hands: pyotp (TOTP, HOTP, Steam), oath (OCRA); mOTP, Yandex and MD5, for which no package is kept, as described.

Reads a list of cases from standard input as JSON and writes the list of their codes.
"""

import hashlib
import hmac
import json
import sys
from base64 import b32encode

import oath
import pyotp
from pyotp.contrib import Steam

DIGESTS = {name: getattr(hashlib, name.lower()) for name in ("SHA1", "SHA256", "SHA512", "SHA224", "SHA384")}


def md5(case, seed, factor):
    """Dynamic truncation where the hash is too short for it: what is missing is zero."""
    mac = hmac.new(seed, factor.to_bytes(8, "big"), hashlib.md5).digest()
    start = mac[-1] & 15
    number = int.from_bytes((mac + bytes(3))[start : start + 4], "big") & (2**31 - 1)
    return str(number)[-case["digits"] :].zfill(case["digits"])


def totp(case, seed):
    step = (case["time"] - case["start"]) // case["period"]
    if case["algorithm"] == "MD5":
        return md5(case, seed, step)
    digest = DIGESTS[case["algorithm"]]
    made = pyotp.TOTP(b32encode(seed).decode(), digits=case["digits"], digest=digest, interval=case["period"])
    return made.generate_otp(step)


def hotp(case, seed):
    if case["algorithm"] == "MD5":
        return md5(case, seed, case["counter"])
    return pyotp.HOTP(b32encode(seed).decode(), digits=case["digits"], digest=DIGESTS[case["algorithm"]]).at(case["counter"])


def steam(case, seed):
    return Steam(b32encode(seed).decode()).at(case["time"])


def motp(case, seed):
    text = f"{case['time'] // 10}{seed.hex()}{case['pin']}"
    return hashlib.md5(text.encode()).hexdigest()[:6]


def yandex(case, seed):
    key = hashlib.sha256(case["pin"].encode() + seed).digest()
    key = key[1:] if key[0] == 0 else key
    mac = hmac.new(key, (case["time"] // 30).to_bytes(8, "big"), hashlib.sha256).digest()
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 8], "big") & (2**63 - 1)
    return "".join(chr(ord("a") + number // 26**place % 26) for place in reversed(range(8)))


def ocra(case, seed):
    suite = oath.str2ocrasuite(case["suite"])
    given = {name: case[name] for name in ("C", "P") if name in case}
    if "S" in case:
        given["S"] = bytes.fromhex(case["S"])
    if "T" in case:
        # It falls over a time that is not counted in steps yet.
        given["T_precomputed"] = case["T"] // suite.data_input.T
    given["Qsc" if len(case["Q"]) == 2 else "Q"] = "".join(case["Q"])
    return suite(seed, **given)


KINDS = {"totp": totp, "hotp": hotp, "steam": steam, "motp": motp, "yandex": yandex, "ocra": ocra}

json.dump([KINDS[case["kind"]](case, bytes.fromhex(case["seed"])) for case in json.load(sys.stdin)], sys.stdout)
