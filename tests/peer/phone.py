"""A phone of another make: what `push-v1.md` says, in one file, over `cryptography` alone.

Where it and Countersign agree, the text was enough. As a program it recomputes the published values, or is told on standard
input, one JSON object a line, what its person does, and says on standard output what it shows. It keeps nothing at its end.
"""

import base64, contextlib, hashlib, hmac, json, pathlib, re, secrets, sys, time  # noqa: E401
import http.client, ipaddress, ssl, urllib.parse  # noqa: E401

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
DAY = 86_400

class Refused(Exception):
    """What came is not taken; the words say why."""
def need(right, why):
    if not right:
        raise Refused(why)
# Section 2: encodings
def b64u(data): return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
def unb64u(text, size=None):
    need(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]*", text) and len(text) % 4 != 1, "not b64u")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(b64u(data) == text and size in (None, len(data)), "not b64u of that size")
    return data
def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()
def mac(key, *parts): return hmac.digest(key, b"".join(parts), "sha256")
def compact(value): return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
def read_json(data):
    """One object under the strict rules: no name twice, no null, whole numbers up to 2^53-1, five levels."""
    def pairs(found):
        need(len(dict(found)) == len(found), "a name twice")
        return dict(found)
    def number(text):
        need(re.fullmatch(r"0|[1-9][0-9]*", text) and int(text) < 2**53, "not a number of ours")
        return int(text)
    def walk(value, depth):
        need(value is not None and depth <= 5, "null, or too deep")
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(item, depth + isinstance(item, (dict, list)))
    try:
        text = bytes(data).decode()
        value = json.loads(text, object_pairs_hook=pairs, parse_int=number, parse_float=number, parse_constant=number)
        need(isinstance(value, dict), "not an object")
        walk(value, 1)
        compact(value).encode()  # no lone surrogate
    except (ValueError, RecursionError) as fault:
        raise Refused(f"not JSON: {type(fault).__name__}") from None
    return value
#: Scalars that no shown text may hold.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
                    "\ufff9-\ufffb\U000e0000-\U000e007f]")
def is_ip(text):
    try:
        address = ipaddress.ip_address(text)
        return str(address) == text and not getattr(address, "ipv4_mapped", None)
    except ValueError:
        return False
#: The members of each schema: a rule for each, `?` where it may be absent.
OS = "android|ios|linux|macos|windows"
JWK = {"kty": "EC", "crv": "P-256", "x": "h32", "y": "h32"}
CONTEXT = {"src": "rp|radius|direct", "ip?": is_ip, "cc?": re.compile("[A-Z]{2}").fullmatch, "city?": "t64", "asn?": "t64",
           "ua?": "t64", "new?": ["ip|ua|cc|far", 1, 4]}
SCHEMAS = {  # and the limit of each in characters
    "meta": (3072, {"iss": "u", "iat": int, "exp": int, "epoch": int, "seq": int, "keys": ["jwk", 1, 3], "gr?": "h32",
                    "grk?": "jwk", "name": "t64", "vapid?": "p256dh", "pins?": ["h32", 1, 4], "policy": dict}),
    "link": (1024, {"iss": "u", "iat": int, "from": "h32", "to": "jwk"}),
    "receipt": (8192, {"iss": "u", "aud": "id", "iat": int, "eh": "h32", "acct": "t128", "name": "t64", "until": int,
                       "sealed": "b64u"}),
    "challenge": (4096, {"iss": "u", "aud": "id", "jti": "id", "aid": "id", "iat": int, "exp": int, "acct": "t128",
                         "op": "login|sign|enrol|info", "app": "t64", "ico?": "h32", "nm": "0-8", "ctx": CONTEXT,
                         "msg?": "t256", "info?": "device_added|device_removed|keys_changed|recovery_used|lockout",
                         "dev?": {"os": OS, "model": "t64"}}),
    "result": (1024, {"iss": "u", "aud": "id", "iat": int, "aj": "id", "cj": "id", "left?": "1-4",
                      "st": "approved|denied|reported|wrong|failed|closed|expired|unknown|mismatch"}),
    "gone": (1024, {"iss": "u", "aud": "id", "iat": int, "why": str}),
}
def fit(value, rule, name="it"):
    """Checks a value against a rule of a schema."""
    string, right = isinstance(value, str), True
    if isinstance(rule, dict):
        need(isinstance(value, dict) and (rule is not JWK or len(value) == 4), f"{name}: not such an object")
        for member, inner in rule.items():
            plain = member.rstrip("?")
            need(plain in value or member != plain, f"{plain} is missing")
            if plain in value:
                fit(value[plain], inner, plain)
    elif isinstance(rule, list):
        right = isinstance(value, list) and rule[1] <= len(value) <= rule[2]
        need(right and len({compact(item) for item in value}) == len(value), f"{name}: too many, too few, or one twice")
        [fit(item, rule[0], name) for item in value]
    elif rule == "jwk":
        fit(value, JWK, name)
        public_key(value)
    elif rule == "p256dh": point(unb64u(value, 65))
    elif rule in ("id", "h32", "b64u"): unb64u(value, {"id": 16, "h32": 32}.get(rule))
    elif isinstance(rule, type): right = type(value) is rule
    elif callable(rule): right = string and rule(value)
    elif rule == "u": right = string and len(value) <= 200 and value.startswith("https://")
    elif re.fullmatch(r"t[0-9]+", rule): right = string and 1 <= len(value) <= int(rule[1:]) and not HIDDEN.search(value)
    elif re.fullmatch(r"[0-9]-[0-9]", rule): right = type(value) is int and int(rule[0]) <= value <= int(rule[2])
    else: right = string and value in rule.split("|")
    need(right, f"{name}: out of form")

# Sections 2 and 3: keys and signatures
def point(sec1):
    try:
        need(len(sec1) == 65, "not an uncompressed point")
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sec1)
    except ValueError:
        raise Refused("not on the curve") from None
def public_key(jwk): return point(b"\x04" + unb64u(jwk["x"], 32) + unb64u(jwk["y"], 32))
def kid(jwk): return b64u(sha256(json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode()))
class Key:
    """A private key with its public forms."""
    def __init__(self, number=None):
        curve = ec.SECP256R1()
        self.private = ec.derive_private_key(number, curve) if number else ec.generate_private_key(curve)
        form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        self.sec1 = self.private.public_key().public_bytes(*form)
        self.jwk = {"kty": "EC", "crv": "P-256", "x": b64u(self.sec1[1:33]), "y": b64u(self.sec1[33:])}
    def sign(self, typ, claims):
        """Compact JWS; a text stands for claims that are written already."""
        header = compact({"alg": "ES256", "kid": kid(self.jwk), "typ": f"cs-{typ}+jwt"})
        claims = claims if isinstance(claims, str) else compact(claims)
        text = f"{b64u(header.encode())}.{b64u(claims.encode())}"
        der = self.private.sign(text.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        return f"{text}.{b64u(b''.join(n.to_bytes(32, 'big') for n in utils.decode_dss_signature(der)))}"

def h(jws): return sha256(jws.rpartition(".")[0].encode())
def parse(jws, typ):
    """The signer's thumbprint, claims and signature of a text that is right in form."""
    limit, schema = SCHEMAS[typ]
    need(isinstance(jws, str) and len(jws) <= limit and jws.count(".") == 2, "not a JWS of that type")
    header, payload, signature = (unb64u(part) for part in jws.split("."))
    header, claims = read_json(header), read_json(payload)
    need(header == {"alg": "ES256", "kid": header.get("kid"), "typ": f"cs-{typ}+jwt"}, "another header")
    unb64u(header["kid"], 32)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    need(len(signature) == 64 and 0 < r < N and 0 < s < N, "no signature")
    fit(claims, schema)
    return header["kid"], claims, utils.encode_dss_signature(r, s)

def verify(jws, typ, keys):
    """The claims, if one of these keys signed them."""
    signer, claims, signature = parse(jws, typ)
    known = [jwk for jwk in keys if kid(jwk) == signer]
    need(known, "signed by a key that is not known")
    try:
        public_key(known[0]).verify(signature, jws.rpartition(".")[0].encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refused("the signature does not fit") from None
    return claims

# Sections 5, 9 and 12: codes and sealed bodies
def of_code(c):
    """`e` and the attestation challenge of an enrolment code; and that of a change of keys."""
    return sha256(b"countersign-enrol-id-1\0", c)[:16], mac(c, b"countersign-attest-1")
def of_keys(did, nonce): return sha256(b"countersign-attest-keys-1\0", did, nonce.encode())
def confirmation(eh, did):
    return f"{int.from_bytes(sha256(b'countersign-confirm-1', bytes(1), eh, did)[:8], 'big') % 10**6:06}"
def open_sealed(key, auth, body):
    """RFC 8291 over RFC 8188: one record of 1,024 or 2,048 bytes."""
    need(len(body) in (1126, 2150) and body[16:21] == b"\x00\x00\x10\x00\x41", "not a body of ours")
    salt, sender = body[:16], body[21:86]
    shared = mac(auth, key.private.exchange(ec.ECDH(), point(sender)))
    prk = mac(salt, mac(shared, b"WebPush: info\0", key.sec1, sender, b"\1"))
    cek, nonce = (mac(prk, b"Content-Encoding: ", use, b"\0\1") for use in (b"aes128gcm", b"nonce"))
    try:
        plain = AESGCM(cek[:16]).decrypt(nonce[:12], body[86:], None).rstrip(b"\0")
    except InvalidTag:
        raise Refused("sealed for another, or changed") from None
    need(plain.endswith(b"\2"), "not the last record")
    return plain[:-1]

def ocra(suite, key, question, counter=0, pin="", session="", moment=0):
    """RFC 6287: question and PIN as they are typed, the session in hex, the moment in steps of the suite."""
    _, function, data = suite.split(":")
    algorithm, digits = function.split("-")[1:]
    message = suite.encode() + b"\0"
    for part in data.split("-"):
        if part[0] == "Q":
            text = f"{int(question):x}" if part[1] == "N" else question.encode().hex() if part[1] == "A" else question
            message += bytes.fromhex(text + "0" * (len(text) % 2)).ljust(128, b"\0")
        elif part[0] == "P":
            message += hashlib.new(part[1:], pin.encode()).digest()
        elif part[0] == "S":
            message += bytes.fromhex(session).rjust(int(part[1:]), b"\0")
        else:
            message += (counter if part == "C" else moment).to_bytes(8, "big")
    digest = hmac.digest(key, message, algorithm.lower())
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10 ** int(digits):0{int(digits)}}"

def answer_code(ok, challenge): return ocra("OCRA-1:HOTP-SHA256-8:QH64", ok, h(challenge).hex())
# Section 11: what is trusted
def sound(jws, keys, u):
    """Claims of metadata that one of `keys` signed, and one of its own."""
    claims = verify(jws, "meta", keys)
    verify(jws, "meta", claims["keys"])
    need(claims["iss"] == u and 0 < claims["exp"] - claims["iat"] <= 14 * DAY, "metadata of another, or for too long")
    return claims

def walk(kept, answer, u):
    """What is kept after this answer of `GET metadata`, and why the rest of it was refused, if it was."""
    kept, recovery, links = dict(kept), answer["recovery"], answer["links"]
    need(len(recovery) <= 10 and len(links) <= 20, "too many steps")
    recovery, links = [(*parse(jws, "meta"), jws) for jws in recovery], [(*parse(jws, "link"), jws) for jws in links]
    parse(answer["meta"], "meta")
    try:
        for signer, claims, _, jws in recovery:
            if claims["epoch"] > kept["epoch"] and signer == kept["gr"]:
                need(claims["iss"] == u and "gr" in claims and "grk" in claims, "no recovery of this gateway")
                verify(jws, "meta", [claims["grk"]])
                kept.update({name: claims[name] for name in ("keys", "epoch", "seq", "gr")}, exp=0)
        reached = list(kept["keys"])
        for _, claims, _, jws in links:
            if claims["from"] in map(kid, reached):
                need(claims["iss"] == u, "a link of another gateway")
                verify(jws, "link", [jwk for jwk in reached if kid(jwk) == claims["from"]])
                reached.append(claims["to"])
        claims = sound(answer["meta"], reached, u)
        same = claims["epoch"] == kept["epoch"] and claims["seq"] >= kept["seq"] and claims.get("gr") == kept["gr"]
        need(same, "metadata rolled back, or of another line")
        if claims["seq"] > kept["seq"] or claims["exp"] > kept["exp"]:
            kept.update({name: claims[name] for name in ("keys", "seq", "exp")}, pins=claims.get("pins", []))
        return kept, None
    except Refused as why:
        return kept, str(why)

class Wire:
    """HTTPS to one host, whose certificate's key must be one of the pins where there are any."""
    def send(self, method, url, body, headers, pins):
        parts, context = urllib.parse.urlsplit(url), ssl.create_default_context()
        if pins:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        line = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=60, context=context)
        with contextlib.closing(line):
            line.connect()
            leaf = x509.load_der_x509_certificate(line.sock.getpeercert(binary_form=True)).public_key()
            form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            need(not pins or b64u(sha256(leaf.public_bytes(*form))) in pins, "another certificate")
            line.request(method, parts.path, body, headers)
            reply = line.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read(65537)

class Phone:
    """One enrolment. What a method returns is what the person sees."""
    def __init__(self, wire=None, clock=time.time):
        self.wire, self.clock, self.nonce, self.did = wire or Wire(), clock, None, None
        self.ak, self.pk, self.seal, self.auth = Key(), Key(), Key(), secrets.token_bytes(16)
        self.last = {"have": [], "device": "pending", "meta": [0, 0]}
        self.open, self.offset = {}, 0
    def now(self): return int(self.clock())
    def id(self): return b64u(secrets.token_bytes(16))
    def call(self, method, path, body=None, proven=True, again=True):
        data, url = b"" if body is None else compact(body).encode(), f"{self.u}/{path}"
        headers = {"Content-Type": "application/json"} if data else {}
        if proven:
            claims = {"htm": method, "htu": url, "bh": b64u(sha256(data)), "jti": self.id(), "nonce": self.nonce}
            headers["Countersign-Proof"] = self.pk.sign("proof", claims | {"iat": self.now()})
        status, told, reply = self.wire.send(method, url, data or None, headers, self.kept["pins"])
        self.nonce = told.get("countersign-nonce", self.nonce)
        need(len(reply) <= 65536, "too long an answer")
        reply = read_json(reply) if status != 204 else {}
        if status == 401 and reply.get("error") == "nonce" and proven and again:
            return self.call(method, path, body, proven, again=False)
        if status == 410 and "gone" in reply and self.did:
            claims = verify(reply["gone"], "gone", self.kept["keys"])
            need((claims["iss"], claims["aud"]) == (self.u, self.did), "the farewell of another")
            raise Refused(f"removed: {claims['why']}")
        need(status < 300, f"{status} {reply.get('error')} {reply.get('why', '')}".strip())
        return reply
    def enrol(self, link, endpoint=None):
        """Takes the text of the QR; the six digits to be typed on the page."""
        host, _, text = link.partition("/enrol#1." if link.startswith("https") else "enrol#1.")
        code = read_json(unb64u(text))
        fit(code, {"u": "u", "k": "h32", "c": "id", "x": int, "p?": "h32"})
        self.u, c, pins = code["u"], unb64u(code["c"]), [code["p"]] if "p" in code else []
        need(host in ("countersign://", "https://" + urllib.parse.urlsplit(self.u).netloc), "the link is of another host")
        self.kept = {"pins": pins}
        jws = self.call("GET", "metadata", proven=False)["meta"]
        signer, claims, _ = parse(jws, "meta")
        need(signer == code["k"], "this code does not belong to this gateway, ask for a new one")
        sound(jws, claims["keys"], self.u)
        need(set(pins) <= set(claims.get("pins", [])), "the pin of the code is not the gateway's")
        need(claims["exp"] + DAY > self.now(), "check the clock")
        kept = {"pins": claims.get("pins", []), "gr": claims.get("gr")}
        self.kept = kept | {name: claims[name] for name in ("keys", "epoch", "seq", "exp")}
        seal = {"p256dh": b64u(self.seal.sec1), "auth": b64u(self.auth)}
        request = {"aud": self.u, "gk": code["k"], "e": b64u(of_code(c)[0]), "jti": self.id(), "iat": self.now(),
                   "uv": "any", "level": "software", "keys": {"ak": self.ak.jwk, "pk": self.pk.jwk, "seal": seal},
                   **({"push": {"endpoint": endpoint}} if endpoint else {}),
                   "dev": {"os": "linux", "model": "Other make", "app": "phone.py"}}
        jws = self.ak.sign("enrol", request)
        cm = b64u(mac(c, jws.rpartition(".")[0].encode()))
        return self.take_receipt(self.call("POST", "enrol", {"enrol": jws, "cm": cm})["receipt"], h(jws))
    def take_receipt(self, receipt, eh):
        claims = verify(receipt, "receipt", self.kept["keys"])
        need(claims["iss"] == self.u and claims["eh"] == b64u(eh), "the code was used elsewhere")
        secret = read_json(open_sealed(self.seal, self.auth, unb64u(claims["sealed"])))
        fit(secret, {"ok": "h32", "totp?": str})
        self.did, self.ok = claims["aud"], unb64u(secret["ok"])
        return {"digits": confirmation(eh, unb64u(self.did)), "acct": claims["acct"], "gateway": claims["name"]}
    def refresh(self):
        """Takes the gateway's metadata; the reason when it was refused."""
        self.kept, why = walk(self.kept, self.call("GET", "metadata", proven=False), self.u)
        return {"epoch": self.kept["epoch"], "seq": self.kept["seq"], **({"refused": why} if why else {})}
    def poll(self, wait=0):
        seen = [jti for jti in self.last["have"] if jti in self.open]
        state = self.call("POST", "poll", {"wait": wait, "seen": seen, **self.last})
        self.offset = state["now"] - self.now()
        if state["meta"] != [self.kept["epoch"], self.kept["seq"]]:
            self.refresh()
        for closed in state["closed"]:
            self.open.pop(closed["jti"], None)
        self.last = {"device": state["device"], "meta": state["meta"], "have": []}
        for jws in state["challenges"]:
            try:
                self.last["have"].append(parse(jws, "challenge")[1]["jti"])
                self.take(jws, "poll")
            except Refused as why:
                print(f"not taken: {why}", file=sys.stderr)
        return {"device": state["device"], "open": [self.card(jti) for jti in self.open]}
    def bell(self, body):
        """A sealed body came: what it brought. It proves no sender."""
        plain = open_sealed(self.seal, self.auth, unb64u(body) if isinstance(body, str) else body)
        return {"wake": True} if plain == b"wake" else self.card(self.take(plain.decode("ascii", "replace"), "push"))
    def take(self, jws, via):
        claims = verify(jws, "challenge", self.kept["keys"])
        need((claims["iss"], claims["aud"]) == (self.u, self.did), "a challenge for another")
        info, life = claims["op"] == "info", 30 * DAY if claims["op"] == "info" else 600
        about = claims.get("info") in ("device_added", "device_removed", "keys_changed")
        need(("msg" in claims) == (claims["op"] == "sign") and ("info" in claims) == info, "claims that do not fit")
        need(("dev" in claims) == about and not ("ico" in claims and info), "claims that do not fit")
        need(claims["nm"] != 1 and (claims["nm"] == 0) == info, "a blind approval")
        need(0 < claims["exp"] - claims["iat"] <= life and self.now() + self.offset <= claims["exp"], "past its time")
        self.open.setdefault(claims["jti"], (jws, claims, via))
        return claims["jti"]
    def card(self, jti):
        shown = {"jti", "op", "app", "acct", "nm", "ctx", "msg", "info"} & set(self.open[jti][1])
        return {name: self.open[jti][1][name] for name in shown} | {"host": urllib.parse.urlsplit(self.u).netloc}
    def answer(self, jti, res, **rest):
        jws, _, via = self.open[jti]
        need(res != "approve" or self.kept["exp"] >= self.now(), "what is known of the gateway is too old to approve by")
        answer = {"iss": self.did, "aud": self.u, "jti": self.id(), "iat": self.now(), "cj": jti, "ch": b64u(h(jws)),
                  "res": res, **rest, "via": via}
        signed = (self.ak if res == "approve" else self.pk).sign("answer", answer)
        return self.take_result(self.call("POST", "answer", {"answer": signed}, proven=False)["result"], answer)
    def take_result(self, result, answer):
        claims = verify(result, "result", self.kept["keys"])
        mine = (self.u, self.did, answer["jti"], answer["cj"])
        need((claims["iss"], claims["aud"], claims["aj"], claims["cj"]) == mine, "the result of another answer")
        need(("left" in claims) == (claims["st"] == "wrong"), "claims that do not fit")
        if claims["st"] not in ("wrong", "mismatch"):
            self.open.pop(answer["cj"], None)
        return {name: claims[name] for name in ("st", "left") if name in claims}

# Section 14: the published values
def vectors(folder):
    """Recomputes what is published: how many values agreed. The first that does not ends it."""
    agreed = []
    def read(name):
        return json.loads((pathlib.Path(folder) / f"{name}.json").read_text())
    def same(found, published):
        need(found == published, f"{found} and not {published}")
        agreed.append(found)
    keys, code = {}, read("code")
    for entry in read("keys")["keys"]:
        name = entry["name"]
        keys[name] = key = Key(int.from_bytes(sha256(f"countersign vector key {name}".encode()), "big"))
        same((key.jwk, kid(key.jwk), b64u(key.sec1)), (entry["jwk"], entry["thumbprint"], entry["p256dh"]))
    for entry in read("messages")["messages"]:
        jws = keys[entry["key"]].sign(entry["typ"][3:-4], entry["payload"])
        same((jws, b64u(h(jws))), (entry["jws"], entry["h"]))
    c = bytes.fromhex(code["c"])
    same((b64u(of_code(c)[0]), of_code(c)[1].hex()), (code["e"], code["ac"]))
    [same(b64u(mac(c, entry["signing_input"].encode())), entry["cm"]) for entry in code["cm"]]
    [same(confirmation(unb64u(entry["eh"]), unb64u(entry["did"])), entry["digits"]) for entry in code["digits"]]
    for entry in read("sealed")["sealed"]:
        plain = open_sealed(keys[entry["receiver"]], bytes.fromhex(entry["auth"]), bytes.fromhex(entry["body"]))
        same(plain.decode(), entry["plain"])
    return len(agreed)

if __name__ == "__main__":
    if sys.argv[1:2] == ["vectors"]:
        sys.exit(print(f"{vectors(sys.argv[2])} values agree"))
    phone = Phone()
    for line in sys.stdin:
        words = json.loads(line)
        try:
            shown = getattr(phone, words.pop("do"))(**words)
        except Refused as why:
            shown = {"refused": str(why)}
        print(compact(shown), flush=True)
