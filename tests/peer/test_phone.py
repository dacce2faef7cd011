"""The phone of another make: against a gateway that lies, and against the real one."""


import pathlib
import re
import unittest
import urllib.error

import phone as other
import qr
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from gateway import Gateway, Window, sign_in
from more import Between, PushServer, Whole, forgeries
from phone import DAY, Key, Phone, Refused, b64u, compact, h, kid, mac, sha256, unb64u

NOW = 1795260000
U = "https://gate.example.com/push/v1"
VECTORS = pathlib.Path(__file__).parent.parent / "vectors/push"


def key(name):
    return Key(int.from_bytes(sha256(f"countersign vector key {name}".encode()), "big"))


def seal(to, auth, plain, room=None):
    """RFC 8291: a body for a receiver."""
    room = room or (1024 if len(plain) < 1024 else 2048)
    sender, salt = key("as"), bytes(range(16))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to)
    shared = mac(auth, sender.private.exchange(ec.ECDH(), public))
    prk = mac(salt, mac(shared, b"WebPush: info\0", to, sender.sec1, b"\1"))
    cek, nonce = mac(prk, b"Content-Encoding: aes128gcm\0\1")[:16], mac(prk, b"Content-Encoding: nonce\0\1")[:12]
    record = AESGCM(cek).encrypt(nonce, (plain + b"\2").ljust(room, b"\0"), None)
    return salt + b"\x00\x00\x10\x00\x41" + sender.sec1 + record


class Liar:
    """A gateway in memory, reached as by HTTP. `lie` changes the claims of what it signs, by type; `by` who signs."""

    def __init__(self):
        self.gk, self.lie, self.by = key("gk"), {}, {}
        self.meta = {"iss": U, "iat": NOW, "exp": NOW + 14 * DAY, "epoch": 1, "seq": 1, "keys": [self.gk.jwk],
                     "gr": kid(key("gr").jwk), "name": "Gate", "policy": {}}  # fmt: skip
        self.links, self.recovery, self.challenges, self.did, self.calls = [], [], [], b64u(bytes(range(16, 32))), []

    def link(self, **rest):
        text = {"u": U, "k": kid(self.gk.jwk), "c": b64u(bytes(16)), "x": NOW + 600} | rest
        return "https://gate.example.com/enrol#1." + b64u(compact(text).encode())

    def sign(self, typ, claims):
        return self.by.get(typ, self.gk).sign(typ, claims | self.lie.get(typ, {}))

    def send(self, method, url, body, headers, pins):
        call, body = url.removeprefix(U + "/"), other.read_json(body) if body else {}
        self.calls.append(call)
        status, answer = getattr(self, call)(body)
        return status, {"countersign-nonce": "n0"}, compact(answer).encode()

    def metadata(self, _):
        return 200, {"meta": self.sign("meta", self.meta), "links": self.links, "recovery": self.recovery}

    def enrol(self, body):
        claims = other.read_json(unb64u(body["enrol"].split(".")[1]))
        self.to, self.auth = unb64u(claims["keys"]["seal"]["p256dh"]), unb64u(claims["keys"]["seal"]["auth"])
        sealed = b64u(seal(self.to, self.auth, compact({"ok": b64u(bytes(32))}).encode()))
        receipt = {"iss": U, "aud": self.did, "iat": NOW, "eh": b64u(h(body["enrol"])), "acct": "alice", "name": "Gate"}
        return 201, {"receipt": self.sign("receipt", receipt | {"until": NOW + 600, "sealed": sealed})}

    def challenge(self, number=3, **rest):
        ctx = {"src": "rp", "ip": "192.0.2.7", "cc": "DE", "city": "Köln"}
        claims = {"iss": U, "aud": self.did, "jti": b64u(bytes([number] * 16)), "aid": b64u(bytes([4] * 16)), "iat": NOW}
        claims |= {"exp": NOW + 120, "op": "login", "acct": "alice", "app": "Demo shop", "nm": 6, "ctx": ctx} | rest
        return self.sign("challenge", {name: value for name, value in claims.items() if value is not None})

    def poll(self, _):
        state = {"now": NOW, "device": "active", "meta": [self.meta["epoch"], self.meta["seq"]]}
        return 200, state | {"challenges": self.challenges, "closed": []}

    def answer(self, body):
        claims = other.read_json(unb64u(body["answer"].split(".")[1]))
        result = {"iss": U, "aud": self.did, "iat": NOW, "aj": claims["jti"], "cj": claims["cj"], "st": "approved"}
        return 200, {"result": self.sign("result", result)}


class AgainstALiar(unittest.TestCase):
    def setUp(self):
        self.gate = Liar()
        self.phone = Phone(self.gate, lambda: NOW)

    def enrolled(self):
        self.phone.enrol(self.gate.link())

    def refused(self, words, act, *args, **rest):
        with self.assertRaisesRegex(Refused, words):
            act(*args, **rest)

    def test_the_truth_passes(self):
        self.assertEqual(self.phone.enrol(self.gate.link())["acct"], "alice")
        self.gate.challenges = [self.gate.challenge()]
        [card] = self.phone.poll()["open"]
        self.assertEqual((card["app"], card["host"], card["ctx"]["city"]), ("Demo shop", "gate.example.com", "Köln"))
        self.assertEqual(self.phone.answer(card["jti"], "approve", nm="123456"), {"st": "approved"})
        self.assertEqual(self.phone.open, {})

    def test_a_code_of_another_key_or_host_is_refused(self):
        self.refused("does not belong", self.phone.enrol, self.gate.link(k=kid(key("evil").jwk)))
        self.refused("another host", self.phone.enrol, self.gate.link().replace("gate.", "fake."))
        self.refused("pin", self.phone.enrol, self.gate.link(p=b64u(bytes(32))))
        self.refused("missing", self.phone.enrol, self.gate.link().split("#")[0] + "#1." + b64u(b"{}"))
        self.assertNotIn("enrol", self.gate.calls)

    def test_metadata_that_lists_the_key_but_is_signed_by_another_is_refused(self):
        self.gate.by["meta"] = key("evil")
        self.refused("does not belong", self.phone.enrol, self.gate.link())
        self.gate.meta["keys"].append(key("evil").jwk)
        self.refused("does not belong", self.phone.enrol, self.gate.link())

    def test_a_forged_receipt_is_refused(self):
        lies = {"eh": (b64u(bytes(32)), "used elsewhere"), "iss": (U + "/x", "used elsewhere"), "sealed": ("AAAA", "body of ours")}
        for name, (value, words) in lies.items():
            with self.subTest(name):
                self.gate.lie["receipt"] = {name: value}
                self.refused(words, Phone(self.gate, lambda: NOW).enrol, self.gate.link())
        self.gate.lie.clear()
        self.gate.by["receipt"] = key("evil")
        self.refused("not known", self.phone.enrol, self.gate.link())
        self.assertIsNone(self.phone.did, "nothing of it is kept")

    def test_a_forged_challenge_is_refused_and_makes_no_card(self):
        self.enrolled()
        lies = [{"aud": b64u(bytes(16))}, {"iss": U + "/x"}, {"exp": NOW - 1}, {"exp": NOW + 601}, {"nm": 0}, {"nm": 1},
                {"msg": "pay"}, {"op": "sign"}, {"op": "info"}, {"info": "lockout"}, {"op": "other"}, {"acct": "a\u202eb"},
                {"ctx": {"src": "rp", "ip": "192.0.2.07"}}, {"ctx": {"src": "rp", "cc": "de"}}, {"jti": None},
                {"op": "info", "nm": 0, "info": "device_added"}]  # fmt: skip
        for lie in lies:
            with self.subTest(str(lie)):
                self.refused("", self.phone.take, self.gate.challenge(**lie), "poll")
        evil = self.gate.by["challenge"] = key("evil")
        self.refused("not known", self.phone.take, self.gate.challenge(), "poll")
        del self.gate.by["challenge"]
        head, rest = self.gate.challenge().split(".", 1)
        lied = b64u(unb64u(head).replace(kid(self.gate.gk.jwk).encode(), kid(evil.jwk).encode()))
        self.refused("not known", self.phone.take, f"{lied}.{rest}", "poll")
        flipped = self.gate.challenge()[:-2] + "AA"
        self.refused("does not fit", self.phone.take, flipped, "poll")
        self.gate.challenges = [flipped]
        self.assertEqual(self.phone.poll()["open"], [])

    def test_a_forged_result_is_refused_and_the_card_stays(self):
        self.enrolled()
        jti = self.phone.take(self.gate.challenge(), "poll")
        for name, value in {"aj": b64u(bytes(16)), "cj": b64u(bytes(16)), "aud": b64u(bytes(16)), "iss": U + "/x"}.items():
            with self.subTest(name):
                self.gate.lie["result"] = {name: value}
                self.refused("another answer", self.phone.answer, jti, "approve", nm="123456")
        self.gate.lie = {"result": {"left": 2}}
        self.refused("do not fit", self.phone.answer, jti, "approve", nm="123456")
        self.gate.lie, self.gate.by["result"] = {}, key("evil")
        self.refused("not known", self.phone.answer, jti, "approve", nm="123456")
        self.assertIn(jti, self.phone.open)

    def test_what_is_to_be_signed_is_shown_and_its_answer_is_for_this_text(self):
        self.enrolled()
        self.gate.challenges = [self.gate.challenge(7, op="sign", msg="Pay 12 EUR to Köln")]
        [card] = self.phone.poll()["open"]
        self.assertEqual((card["op"], card["msg"]), ("sign", "Pay 12 EUR to Köln"))
        self.assertEqual(self.phone.answer(card["jti"], "approve", nm="123456"), {"st": "approved"})
        self.refused("do not fit", self.phone.take, self.gate.challenge(8, op="sign"), "poll")

    def test_an_answer_code_is_of_this_challenge_and_this_phone(self):
        self.enrolled()
        one, other_one = self.gate.challenge(7), self.gate.challenge(8)
        code = other.answer_code(self.phone.ok, one)
        self.assertRegex(code, "^[0-9]{8}$")
        self.assertNotEqual(code, other.answer_code(self.phone.ok, other_one))
        self.assertNotEqual(code, other.answer_code(bytes(range(32)), one))

    def test_sealed_bodies_open_in_both_sizes_and_prove_nothing(self):
        self.enrolled()
        for room in (1024, 2048):
            with self.subTest(room):
                body = seal(self.gate.to, self.gate.auth, self.gate.challenge(room % 7 + 5).encode(), room)
                self.assertEqual(self.phone.bell(body)["app"], "Demo shop")
        self.assertEqual(self.phone.bell(seal(self.gate.to, self.gate.auth, b"wake")), {"wake": True})
        evil = self.gate.by["challenge"] = key("evil")
        self.refused("not known", self.phone.bell, seal(self.gate.to, self.gate.auth, self.gate.challenge(9).encode()))
        self.refused("JWS", self.phone.bell, seal(self.gate.to, self.gate.auth, b"some other text"))
        self.refused("another, or changed", self.phone.bell, seal(evil.sec1, self.gate.auth, b"wake"))
        self.refused("body of ours", self.phone.bell, seal(self.gate.to, self.gate.auth, b"wake", 1000))

    def rotated(self, old, new, **rest):
        self.gate.gk, self.gate.meta = new, self.gate.meta | {"keys": [new.jwk], "seq": self.gate.meta["seq"] + 1} | rest
        claims = {"iss": U, "iat": NOW, "from": kid(old.jwk), "to": new.jwk}
        self.gate.links = [*self.gate.links, old.sign("link", claims)]

    def test_two_rotations_are_bridged_and_a_gap_is_not(self):
        self.enrolled()
        self.rotated(key("gk"), key("gk2"))
        self.rotated(key("gk2"), key("gk3"))
        whole = self.gate.links
        self.gate.links = whole[1:]
        self.assertIn("not known", self.phone.refresh()["refused"])
        self.gate.links = whole
        self.assertEqual(self.phone.refresh(), {"epoch": 1, "seq": 3})
        self.gate.meta["seq"] = 2
        self.assertIn("rolled back", self.phone.refresh()["refused"])
        self.phone.take(self.gate.challenge(), "poll")

    def test_a_thief_of_the_key_is_thrown_out_by_recovery(self):
        self.enrolled()
        honest = dict(self.gate.meta)
        self.gate.meta |= {"seq": 2**53 - 1}
        self.assertEqual(self.phone.refresh()["seq"], 2**53 - 1)
        self.gate.meta |= {"epoch": 2}
        self.assertIn("rolled back", self.phone.refresh()["refused"])
        gr, self.gate.gk = key("gr"), key("gk4")
        self.gate.meta = honest | {"keys": [self.gate.gk.jwk], "epoch": 2, "seq": 1, "gr": kid(key("gr2").jwk)}
        forged = key("evil").sign("meta", self.gate.meta | {"grk": key("evil").jwk})
        self.gate.recovery = [forged]
        self.assertIn("not known", self.phone.refresh()["refused"])
        self.gate.recovery = [gr.sign("meta", self.gate.meta | {"grk": gr.jwk})]
        self.assertEqual(self.phone.refresh(), {"epoch": 2, "seq": 1})
        self.assertEqual(self.phone.kept["gr"], kid(key("gr2").jwk))


class Published(unittest.TestCase):
    def test_the_values_are_recomputed(self):
        self.assertGreater(other.vectors(VECTORS), 55)

    def test_codes_without_a_network_are_recomputed(self):
        code = other.json.loads((VECTORS / "code.json").read_text())
        for entry in code["ac_keys"]:
            self.assertEqual(other.of_keys(unb64u(entry["did"]), entry["nonce"]).hex(), entry["ac"])
        for entry in code["answer"]:
            suite = "OCRA-1:HOTP-SHA256-8:QH64"
            self.assertEqual(other.ocra(suite, bytes.fromhex(entry["ok"]), entry["q"]), entry["code"])
        [shown] = other.json.loads((VECTORS / "links.json").read_text())["offline"]
        self.assertEqual(other.answer_code(bytes(range(32)), shown["jws"]), code["answer"][1]["code"])
        rows = [line.split() for line in (VECTORS.parent / "rfc6287.txt").read_text().splitlines() if line[0] != "#"]
        for suite, size, counter, question, pin, moment, answer in rows:
            given = {"counter": int(counter)} if counter != "-" else {}
            given |= ({"pin": pin} if pin != "-" else {}) | ({"moment": int(moment) // 60} if moment != "-" else {})
            found = other.ocra(suite, (b"1234567890" * 7)[: int(size)], question.replace(",", ""), **given)
            self.assertEqual(found, answer, suite)
        self.assertEqual(len(rows), 70)

    def test_published_walks_end_where_they_say(self):
        published = other.json.loads((VECTORS / "walks.json").read_text())
        self.assertGreater(len(published["walks"]), 15)
        for entry in published["walks"]:
            with self.subTest(entry["name"]):
                kept, why = other.walk(published["kept"], other.json.loads(entry["reply"]), U)
                found = {name: kept[name] for name in ("epoch", "seq", "gr")} | {"keys": [kid(k) for k in kept["keys"]]}
                self.assertEqual(found | {"taken": why is None}, entry["end"])

    def test_strict_json_refuses_what_is_published_as_bad(self):
        bad = other.json.loads((VECTORS / "json.json").read_text())["bad"]
        for entry in bad:
            with self.subTest(entry["name"]), self.assertRaises(Refused):
                text = bytes.fromhex(entry["hex"]) if "hex" in entry else entry["text"].encode("utf-8", "surrogatepass")
                other.read_json(text)

    def test_it_is_as_short_as_it_says(self):
        lines = (pathlib.Path(__file__).parent / "phone.py").read_text().splitlines()
        self.assertLessEqual(len(lines), 400)
        self.assertLessEqual(max(map(len, lines)), 125)


class AtARealGateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.push = PushServer()
        cls.addClassCleanup(cls.push.close)
        outgoing = ["--outgoing-allow", "127.0.0.1", "--outgoing-roots", cls.push.roots]
        cls.gateway = Gateway("--policy-move", "true", "--policy-offline", "true", *outgoing)
        cls.addClassCleanup(cls.gateway.close)

    def link(self, name):
        """The page on which a person adds a phone."""
        voucher, window = self.gateway.add(name), Window(self.gateway)
        sign_in(window, name, "/manageotp")
        window.goto("/manageotp/add?kind=countersign")
        window.submit("/manageotp/add", name="Other make", voucher=voucher)
        return window

    def confirm(self, window, phone, pending):
        self.assertEqual(phone.poll()["device"], "pending")
        window.until("/manageotp/add", lambda: "/manageotp/confirm" in window.page)
        window.submit("/manageotp/confirm", digits=pending["digits"])
        self.assertEqual(phone.poll()["device"], "active")

    def enrolled(self, name, phone=None, endpoint=None):
        window, phone = self.link(name), phone or Whole()
        pending = phone.enrol(window.words('id="link"'), endpoint)
        self.assertEqual((pending["acct"], pending["gateway"]), (name, "Gateway of the test"))
        self.confirm(window, phone, pending)
        return phone

    def begin(self, name):
        """Signs in by password: the window that waits, and its digits."""
        window = Window(self.gateway)
        sign_in(window, name, "/demo")
        return window, "".join(filter(str.isdigit, window.words('class="figure"')))

    def asked(self, phone, name):
        window, digits = self.begin(name)
        [card] = [card for card in phone.poll(10)["open"] if card["op"] != "info"]
        self.assertEqual((card["acct"], card["op"]), (name, "login"))
        return window, digits, card

    def opens(self, window):
        window.until("/login/wait", lambda: "data-finish" in window.page)
        window.submit("/login/finish")
        self.assertEqual(window.path, "/demo")

    def refused(self, words, act, *args, **rest):
        with self.assertRaisesRegex(Refused, words):
            act(*args, **rest)

    def test_it_enrols_and_approves_after_wrong_digits(self):
        phone = self.enrolled("rosa")
        window, digits, card = self.asked(phone, "rosa")
        wrong = f"{(int(digits) + 1) % 10**6:06}"
        self.assertEqual(phone.answer(card["jti"], "approve", nm=wrong), {"st": "wrong", "left": 2})
        self.assertEqual(phone.answer(card["jti"], "approve", nm=digits), {"st": "approved"})
        self.opens(window)

    def test_it_denies(self):
        phone = self.enrolled("saul")
        window, _, card = self.asked(phone, "saul")
        self.assertEqual(phone.answer(card["jti"], "deny"), {"st": "denied"})
        window.until("/login/wait", lambda: "figure" not in window.page)
        self.assertEqual(phone.poll()["open"], [])

    def test_it_approves_what_a_sealed_bell_brought(self):
        phone = self.enrolled("tilda", endpoint=self.push.endpoint)
        window, digits = self.begin("tilda")
        headers, body = self.push.bell()
        self.assertEqual((len(body) in (1126, 2150), {name.lower(): value for name, value in headers.items()}["content-encoding"]), (True, "aes128gcm"))
        card = phone.bell(body)
        self.assertEqual((card["acct"], card["op"], card["host"]), ("tilda", "login", self.gateway.url.removeprefix("https://")))
        self.assertEqual(phone.answer(card["jti"], "approve", nm=digits), {"st": "approved"})
        self.opens(window)

    def test_a_new_receiving_key_is_what_bells_are_sealed_for(self):
        phone = self.enrolled("ugo")
        old, auth = phone.seal, phone.auth
        phone.ring_at(self.push.endpoint)
        window, digits = self.begin("ugo")
        _, body = self.push.bell()
        self.refused("sealed for another", other.open_sealed, old, auth, body)
        self.assertEqual(phone.answer(phone.bell(body)["jti"], "approve", nm=digits), {"st": "approved"})
        self.opens(window)

    def test_its_answer_code_signs_in_without_a_network(self):
        window = self.link("zoe")
        self.assertEqual(qr.read(window.page), window.words('id="link"'))
        phone = Whole()
        self.confirm(window, phone, phone.enrol(qr.read(window.page)))
        window, _ = self.begin("zoe")
        window.goto("/login/offline")
        picked = re.search(r'name="device" value="([^"]*)"', window.page)[1]
        self.assertEqual(picked, phone.did)
        window.submit("/login/offline", device=picked)
        window.goto("/login/offline")
        head, _, challenge = qr.read(window.page).partition("/offline#1.")
        claims = other.verify(challenge, "challenge", phone.kept["keys"])
        self.assertEqual((head, claims["aud"], claims["acct"]), (self.gateway.url, phone.did, "zoe"))
        with self.assertRaisesRegex(urllib.error.HTTPError, "403"):
            window.submit("/login/code", code="00000000")
        window.goto("/login/offline")
        window.submit("/login/code", code=other.answer_code(phone.ok, challenge))
        self.assertEqual(window.path, "/demo")

    def test_its_new_keys_count_and_the_old_ones_do_not(self):
        phone = self.enrolled("vera")
        for which in ("pk", "ak"):
            old = phone.change(which)
            window, digits, card = self.asked(phone, "vera")
            self.assertEqual(phone.answer(card["jti"], "approve", nm=digits), {"st": "approved"})
            self.opens(window)
            new = getattr(phone, which)
            setattr(phone, which, old)
            if which == "pk":
                self.refused("401 refused", phone.poll)
            else:
                window, digits, card = self.asked(phone, "vera")
                self.refused("401 refused", phone.answer, card["jti"], "approve", nm=digits)
            setattr(phone, which, new)
        self.assertEqual(phone.answer(card["jti"], "deny"), {"st": "denied"})

    def test_it_moves_to_another_phone(self):
        old = self.enrolled("wim")
        link, e = old.invite(replace=True)
        new = Whole()
        pending = new.enrol(link)
        self.assertEqual((pending["acct"], new.poll()["device"]), ("wim", "pending"))
        self.refused("403 policy digits", old.confirm, e, f"{(int(pending['digits']) + 1) % 10**6:06}")
        old.confirm(e, pending["digits"])
        self.assertEqual(new.poll()["device"], "active")
        self.refused("removed: replaced", old.poll)
        window, digits, card = self.asked(new, "wim")
        self.assertEqual(new.answer(card["jti"], "approve", nm=digits), {"st": "approved"})
        self.opens(window)

    def test_a_receipt_that_was_forged_on_the_way_is_refused(self):
        wire, window = Between(), self.link("xenia")
        phone = Phone(wire)
        wire.lies["enrol"] = lambda body: {"receipt": forgeries(body["receipt"], "receipt")["of another signer"]}
        self.refused("not known", phone.enrol, window.words('id="link"'))
        receipt, eh = wire.true["enrol"]["receipt"], h(wire.sent["enrol"]["enrol"])
        for name, forged in forgeries(receipt, "receipt").items():
            with self.subTest(name):
                self.refused("not known|does not fit", phone.take_receipt, forged, eh)
        self.assertIsNone(phone.did)
        self.confirm(window, phone, phone.take_receipt(receipt, eh))

    def test_a_challenge_and_a_result_that_were_forged_on_the_way_are_refused(self):
        wire = Between()
        phone = self.enrolled("yann", Phone(wire))
        window, digits = self.begin("yann")
        for name in ("of another signer", "under the right name", "with other claims", "with another signature"):
            with self.subTest(name):
                forge = lambda jws, name=name: forgeries(jws, "challenge")[name]  # noqa: E731
                wire.lies["poll"] = lambda body, forge=forge: body | {"challenges": [*map(forge, body["challenges"])]}
                self.assertEqual(phone.poll()["open"], [])
                self.assertEqual(len(wire.true["poll"]["challenges"]), 1)
        wire.lies.clear()
        [card] = phone.poll()["open"]
        wire.lies["answer"] = lambda body: {"result": forgeries(body["result"], "result")["of another signer"]}
        self.refused("not known", phone.answer, card["jti"], "approve", nm=digits)
        result = wire.true["answer"]["result"]
        mine = other.read_json(unb64u(wire.sent["answer"]["answer"].split(".")[1]))
        for name, forged in forgeries(result, "result").items():
            with self.subTest(name):
                self.refused("not known|does not fit", phone.take_result, forged, mine)
                self.assertIn(card["jti"], phone.open)
        self.assertEqual(phone.take_result(result, mine), {"st": "approved"})
        self.opens(window)


if __name__ == "__main__":
    unittest.main()
