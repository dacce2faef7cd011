"""What reader.py passes over: groups, pictures, and the vault beneath a decoy: rest.py FILE < passphrase"""
import io, json, sqlite3, sys, unicodedata
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from reader import Vault, number, open_slot, text


def derive(vault, key, info):
    return HKDF(SHA256(), 32, vault, info).derive(key)


class Hidden(Vault):
    def __init__(self, path, passphrase):
        outer = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.id = outer.execute("SELECT body FROM header ORDER BY id").fetchone()[0][10:26]
        cells = outer.execute("SELECT body FROM reserve ORDER BY id").fetchall()
        second = cells[0][0][9:]
        self.key = open_slot(self.id, b"\1" + second[:28], second[44:104], passphrase)
        self.rows = AESGCM(derive(self.id, self.key, b"countersign vault 1 rows"))
        shown = AESGCM(derive(self.id, self.key, b"countersign vault 2 shown"))
        self.shown = shown.decrypt(second[104:116], second[116:164], self.id)
        self.file = sqlite3.connect(":memory:")
        self.file.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, seed BLOB, label BLOB)")
        for table in NAMES.values():
            self.file.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, body BLOB)")
        for (table, row), parts in self.entries(cells[2:]).items():
            entry = io.BytesIO(b"".join(parts[part] for part in sorted(parts)))
            if table == 1:
                seed = entry.read(number(entry))
                self.file.execute("INSERT INTO account VALUES (?, ?, ?)", (row, seed, entry.read()))
            else:
                self.file.execute(f"INSERT INTO {NAMES[table]} VALUES (?, ?)", (row, entry.read()))

    def entries(self, cells):
        entries, key = {}, AESGCM(derive(self.id, self.key, b"countersign vault 2 reserve"))
        for (cell,) in cells:
            try:
                plain = key.decrypt(cell[9:21], cell[21:], self.id + cell[:9])
            except InvalidTag:
                continue  # in nobody's use
            table, row, part = plain[0], int.from_bytes(plain[1:9], "big"), int.from_bytes(plain[9:11], "big")
            entries.setdefault((table, row), {})[part] = plain[14:14 + plain[13]]
        return entries


NAMES = {3: "note", 4: "summary", 5: "groups", 6: "icon", 7: "picture", 8: "header", 9: "kept"}


def told(vault):
    groups, pictures = {}, {}
    for row, body in vault.file.execute("SELECT id, body FROM groups ORDER BY id"):
        group = io.BytesIO(vault.open(5, row, body))
        groups[row] = (group.read(1)[0], number(group), text(group))[1:]
    for row, body in vault.file.execute("SELECT id, body FROM picture ORDER BY id"):
        pictures[row >> 9] = pictures.get(row >> 9, "") + vault.open(7, row, body).hex()
    kept = {}
    for row, body in vault.file.execute("SELECT id, body FROM kept ORDER BY id"):
        piece = io.BytesIO(vault.open(10, row, body))
        assert piece.read(1) == b"\1"
        kept[row] = (piece.read(1)[0], piece.read(number(piece)).hex(), piece.read().hex())
    out = {"vault": vault.id.hex(), "key": vault.key.hex(), "groups": groups, "pictures": pictures, "kept": kept}
    return out | {"accounts": list(vault.accounts())}


if __name__ == "__main__":
    passphrase = unicodedata.normalize("NFC", sys.stdin.read()).encode()
    try:
        vault = Vault(sys.argv[1], passphrase)
        out = told(vault)
    except InvalidTag:
        vault = Hidden(sys.argv[1], passphrase)
        out = told(vault) | {"shown": vault.shown.hex()}
    json.dump(out, sys.stdout, indent=1, ensure_ascii=False)
