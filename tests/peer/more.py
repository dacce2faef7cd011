"""What the phone of another make can do beside `phone.py`: bells, new keys, a move to another phone; and a wire that forges."""

import datetime
import http.server
import ipaddress
import pathlib
import queue
import ssl
import tempfile
import threading
import urllib.parse

import phone as other
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from phone import SCHEMAS, Key, Phone, Wire, b64u, compact, fit, h, kid, need, read_json, unb64u, verify


class Whole(Phone):
    """A phone that changes its keys and invites another (section 11)."""

    def statement(self, **claims):
        return {"iss": self.did, "aud": self.u, "jti": self.id(), "iat": self.now(), **claims}

    def receipt_for(self, receipt, request, **more):
        """Claims of a receipt that answers a request of this device (5.4)."""
        of_enrol = SCHEMAS["receipt"]
        SCHEMAS["receipt"] = (8192, {"iss": "u", "aud": "id", "iat": int, "eh": "h32", **more})
        try:
            claims = verify(receipt, "receipt", self.kept["keys"])
        finally:
            SCHEMAS["receipt"] = of_enrol
        mine = (self.u, self.did, b64u(h(request)))
        need((claims["iss"], claims["aud"], claims["eh"]) == mine, "a receipt for another request")
        return claims

    def change(self, which):
        """A new key in the place of `ak` or `pk`."""
        old, new = getattr(self, which), Key()
        keys = old.sign("keys", self.statement(**{"class": which, "jwk": new.jwk}))
        pop = new.sign("pop", {"iss": self.did, "aud": self.u, "nh": b64u(h(keys))})
        self.receipt_for(self.call("POST", "keys", {"keys": keys, "pop": pop})["receipt"], keys)
        setattr(self, which, new)
        return old

    def ring_at(self, endpoint):
        """Has bells go there, sealed for a new key."""
        seal, auth = Key(), self.id()
        told = {"p256dh": b64u(seal.sec1), "auth": auth}
        self.call("PUT", "push", {"endpoint": endpoint, "seal": told})
        self.seal, self.auth = seal, unb64u(auth)

    def invite(self, replace):
        """The text of the QR for another phone, and the id by which its enrolment is confirmed."""
        request = self.ak.sign("invite", self.statement(replace=replace))
        claims = self.receipt_for(self.call("POST", "invite", {"invite": request})["receipt"], request, sealed="b64u")
        text = other.open_sealed(self.seal, self.auth, unb64u(claims["sealed"]))
        code = read_json(text)
        fit(code, {"u": "u", "k": "h32", "c": "id", "x": int, "p?": "h32"})
        need(code["u"] == self.u and code["k"] in map(kid, self.kept["keys"]), "an invitation elsewhere")
        host = urllib.parse.urlsplit(self.u).netloc
        return f"https://{host}/enrol#1.{b64u(text)}", b64u(other.of_code(unb64u(code["c"]))[0])

    def confirm(self, e, digits):
        request = self.ak.sign("confirm", self.statement(e=e, nm=digits))
        self.call("POST", "confirm", {"confirm": request})


class Between(Wire):
    """A wire on which somebody sits. `lies` changes what comes back, by call; what was sent and truly answered is kept."""

    def __init__(self):
        self.lies, self.sent, self.true = {}, {}, {}

    def send(self, method, url, body, headers, pins):
        status, told, reply = super().send(method, url, body, headers, pins)
        call = url.rsplit("/", 1)[1]
        if status < 300 and call in self.lies:
            self.sent[call], self.true[call] = read_json(body), read_json(reply)
            reply = compact(self.lies[call](read_json(reply))).encode()
        return status, told, reply


def forgeries(jws, typ):
    """The same message of another signer, under the name of the right one, with other claims, with another signature."""
    header, payload, signature = jws.split(".")
    claims, evil = read_json(unb64u(payload)), Key()
    by_evil = evil.sign(typ, claims)
    own = unb64u(header)
    other_claims = b64u(compact(claims | {"iat": claims["iat"] + 1}).encode())
    flipped = bytearray(unb64u(signature))
    flipped[40] ^= 1
    return {
        "of another signer": by_evil,
        "under the right name": f"{b64u(own)}.{payload}.{by_evil.rpartition('.')[2]}",
        "with other claims": f"{header}.{other_claims}.{signature}",
        "with another signature": f"{header}.{payload}.{b64u(bytes(flipped))}",
    }


class PushServer:
    """Takes bells on a free port of 127.0.0.1, with a certificate of its own."""

    def __init__(self):
        self._folder, self.bells = tempfile.TemporaryDirectory(), queue.Queue()
        self.roots = pathlib.Path(self._folder.name) / "roots.pem"
        key, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "push server of the test")])
        now, here = datetime.datetime.now(datetime.UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        made = made.add_extension(x509.SubjectAlternativeName([here]), False)
        certificate = made.sign(key, hashes.SHA256()).public_bytes(pem)
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.roots.write_bytes(certificate)
        chain = self.roots.with_name("chain.pem")
        chain.write_bytes(certificate + private)
        bells = self.bells

        class Takes(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                bells.put((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(201)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Takes)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.endpoint = f"https://127.0.0.1:{self._server.server_port}/up/one"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def bell(self):
        """The next bell: its headers and its body."""
        return self.bells.get(timeout=30)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()
