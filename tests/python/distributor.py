"""Where bells go: a server of one's own on a free port of localhost, under a certificate made here."""

import base64
import datetime
import http.server
import os
import queue
import ssl
import tempfile
import threading

import p256

ECDSA_WITH_SHA256 = bytes.fromhex("06082a8648ce3d040302")
KEY_OF_P256 = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
COMMON_NAME = bytes.fromhex("0603550403")
ALTERNATIVE_NAMES = bytes.fromhex("0603551d11")


def _der(tag, *parts):
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    length = size or b"\0" if len(body) < 128 else bytes([0x80 | len(size)]) + size
    return bytes([tag]) + length + body


def _sequence(*parts):
    return _der(0x30, *parts)


def _pem(name, der):
    return f"-----BEGIN {name}-----\n{base64.encodebytes(der).decode()}-----END {name}-----\n"


def certificate(key):
    """For 127.0.0.1, of its own hand, good today (RFC 5280)."""
    today = datetime.datetime.now(datetime.timezone.utc)
    times = [today + datetime.timedelta(days=days) for days in (-1, 1)]
    validity = _sequence(*(_der(0x17, time.strftime("%y%m%d%H%M%SZ").encode()) for time in times))
    algorithm = _sequence(ECDSA_WITH_SHA256)
    name = _sequence(_der(0x31, _sequence(COMMON_NAME, _der(0x0C, b"distributor"))))
    public = _sequence(KEY_OF_P256, _der(0x03, b"\0", key.public))
    address = _der(0x04, _sequence(_der(0x87, bytes([127, 0, 0, 1]))))
    extensions = _der(0xA3, _sequence(_sequence(ALTERNATIVE_NAMES, address)))
    number = _der(0x02, b"\x01")
    told = _sequence(_der(0xA0, _der(0x02, b"\x02")), number, algorithm, name, validity, name, public, extensions)
    return _sequence(told, algorithm, _der(0x03, b"\0", key.sign(told)))


def private_key(key):
    """As RFC 5915 writes it."""
    curve = bytes.fromhex("06082a8648ce3d030107")
    return _sequence(_der(0x02, b"\x01"), _der(0x04, key.secret()), _der(0xA0, curve))


class Distributor:
    """Takes every bell, and says so."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.bells = queue.Queue()
        key = p256.Key()
        self.roots = self._kept("roots.pem", _pem("CERTIFICATE", certificate(key)))
        secret = self._kept("key.pem", _pem("EC PRIVATE KEY", private_key(key)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.roots, secret)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.endpoint = f"https://127.0.0.1:{self._server.server_port}/up/python"

    def _kept(self, name, text):
        path = os.path.join(self._folder.name, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def _handler(self):
        bells = self.bells

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                bells.put(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(201)
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def rings(self):
        """The body of the next bell."""
        return self.bells.get(timeout=30)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()
