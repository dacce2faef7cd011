"""Opens a Countersign vault, format 2, as docs/vault-format.md tells: reader.py FILE < passphrase"""
import json, sqlite3, sys, unicodedata
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

class Bytes:
    def __init__(self, data): self.data, self.at = data, 0
    def take(self, n): self.at += n; return self.data[self.at - n:self.at]
    def big(self, n): return int.from_bytes(self.take(n), "big")
    def number(self):
        value = shift = 0
        while (byte := self.big(1)) & 0x80: value, shift = value | (byte & 0x7F) << shift, shift + 7
        return value | byte << shift
    def text(self): return self.take(self.number()).decode()
    def list(self, item): return [item() for _ in range(self.number())]

def vault_key(header, passphrase):
    header.take(10); vault = header.take(16); header.take(24)
    for _ in range(header.big(1)):
        header.take(4); start = header.at
        if (kind := header.big(1)) == 1:
            memory, passes, lanes, salt = header.big(4), header.big(4), header.big(4), header.take(16)
            key = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(unicodedata.normalize("NFC", passphrase).encode())
            way, sealed = header.data[start:header.at], header.take(60)
            return vault, AESGCM(key).decrypt(sealed[:12], sealed[12:], b"countersign vault 1 slot" + vault + way)
        if kind == 2: header.take(1); header.take(header.big(2))
        header.take(60)

def open_piece(vault, rows, place, row, data):
    piece = Bytes(data)
    assert (piece.take(3), piece.big(1), piece.number()) == (b"\xc5\x76\x31", place, row)
    piece.number(); piece.number()
    return rows.decrypt(data[piece.at:piece.at + 12], data[piece.at + 12:], vault + data[:piece.at])

def read_label(row, label):
    form, kind, shape = label.big(1), label.big(1), label.big(1)
    moving, start = label.number() if kind in (1, 2, 6) else 0, label.number() if kind == 6 else 0
    flags, created = label.number(), label.number()
    has = lambda flag: flags & flag
    out = {"id": row, "kind": kind, "algorithm": shape >> 4, "digits": shape & 15, "moving": moving, "start": start, "created": created}
    out["changed"] = label.number() if has(1) else created
    out["order"] = label.number() if has(2) else row << 20
    out["origin"] = label.take(16).hex() if has(4) else None
    out["note"] = label.text() if has(8) else ""
    out["parts"] = label.number() if has(16) else 0
    out["favourite"], out["pinned"], out["hidden"] = bool(has(32)), bool(has(64)), bool(has(128))
    out["icon"] = (label.text() if label.big(1) == 1 else label.number()) if has(256) else None
    out["groups"] = label.list(label.number) if has(512) else []
    out["tags"] = label.list(label.text) if has(1024) else []
    out["uses"], out["used"] = (label.number(), label.number()) if has(2048) else (0, 0)
    out["deleted"] = [label.number(), label.number()] if has(4096) else None
    out["issuer"], out["name"] = label.text(), label.text()
    assert form == 2 and label.at == len(label.data)
    return out

def read(path, passphrase):
    file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    vault, key = vault_key(Bytes(file.execute("SELECT body FROM header ORDER BY id").fetchone()[0]), passphrase)
    rows = AESGCM(HKDF(SHA256(), 32, vault, b"countersign vault 1 rows").derive(key))
    part = lambda table, place, first, n: b"".join(open_piece(vault, rows, place, row, body) for row, body in file.execute(f"SELECT id, body FROM {table} WHERE id >= ? AND id < ? ORDER BY id", (first, first + n)))
    accounts = []
    for row, seed, label in file.execute("SELECT id, seed, label FROM account ORDER BY id"):
        opened = open_piece(vault, rows, 2, row, label)
        account = read_label(row, Bytes(opened)) | {"label": opened.hex()}
        account["seed"] = open_piece(vault, rows, 1, row, seed).hex()
        account["note"] += part("note", 3, row << 4, account["parts"]).decode()
        accounts.append(account)
    groups = {row: Bytes(open_piece(vault, rows, 5, row, body)) for row, body in file.execute("SELECT id, body FROM groups ORDER BY id")}
    groups = {row: (group.big(1), group.number(), group.text())[1:] for row, group in groups.items()}
    pictures = {row: part("picture", 7, row << 9, 512).hex() for row, in file.execute("SELECT id FROM icon ORDER BY id").fetchall()}
    return {"vault": vault.hex(), "key": key.hex(), "accounts": accounts, "groups": groups, "pictures": pictures}

if __name__ == "__main__":
    json.dump(read(sys.argv[1], sys.stdin.read()), sys.stdout, indent=1, ensure_ascii=False)
