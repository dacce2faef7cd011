"""Lists the accounts of a Countersign vault, format 2, as docs/vault-format.md tells: reader.py FILE < passphrase"""
import io, json, sqlite3, struct, sys, unicodedata
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf import argon2, hkdf

def number(data):
    byte = data.read(1)[0]
    return byte if byte < 128 else byte - 128 + (number(data) << 7)

text = lambda data: data.read(number(data)).decode()
several = lambda read: lambda data: [read(data) for _ in range(number(data))]
FIELDS = [(1, "changed", number), (2, "order", number), (4, "origin", lambda data: data.read(16).hex()), (8, "note", text),
    (16, "parts", number), (32, "favourite", bool), (64, "pinned", bool), (128, "hidden", bool),  # those three are flags alone
    (256, "icon", lambda data: text(data) if data.read(1) == b"\1" else number(data)), (512, "groups", several(number)),
    (1024, "tags", several(text)), (2048, "uses", number), (2048, "used", number), (4096, "deleted", number), (4096, "day", number)]

def read_label(data):
    form, kind, shape = data.read(3)
    moving = [number(data) for _ in range({1: 1, 2: 1, 6: 2}.get(kind, 0))]
    flags, created = number(data), number(data)
    label = {"kind": kind, "algorithm": shape >> 4, "digits": shape & 15, "moving": moving, "created": created}
    return label | {name: read(data) for flag, name, read in FIELDS if flags & flag} | {"issuer": text(data), "name": text(data)}

def open_slot(vault, way, sealed, passphrase):
    _, memory, passes, lanes, salt = struct.unpack(">BIII16s", way)
    key = argon2.Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(passphrase)
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], b"countersign vault 1 slot" + vault + way)

class Vault:
    def __init__(self, path, passphrase):
        self.file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        header = self.file.execute("SELECT body FROM header ORDER BY id").fetchone()[0]
        self.id, slot = header[10:26], (header[55:84], header[84:144])  # the first slot, a passphrase's
        self.key = open_slot(self.id, *slot, passphrase)
        self.rows = AESGCM(hkdf.HKDF(SHA256(), 32, self.id, b"countersign vault 1 rows").derive(self.key))

    def open(self, place, row, piece):
        head = io.BytesIO(piece)
        start, found, version, length = head.read(4), number(head), number(head), number(head)
        assert (start, found) == (b"\xc5\x76\x31" + bytes([place]), row)
        return self.rows.decrypt(head.read(12), head.read(length - 12), self.id + piece[:-length])

    def accounts(self):
        for row, seed, label in self.file.execute("SELECT id, seed, label FROM account ORDER BY id"):
            parts = self.file.execute("SELECT id, body FROM note WHERE id >> 4 = ? ORDER BY id", (row,))
            account = {"note": b"".join(self.open(3, *part) for part in parts).decode(), "seed": self.open(1, row, seed).hex()}
            yield account | read_label(io.BytesIO(self.open(2, row, label))) | {"id": row}

if __name__ == "__main__":
    passphrase = unicodedata.normalize("NFC", sys.stdin.read()).encode()
    json.dump(list(Vault(sys.argv[1], passphrase).accounts()), sys.stdout, indent=1, ensure_ascii=False)
