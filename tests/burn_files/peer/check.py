"""What other programs read in our files, and write for us to read: privacyIDEA's importer and exporter, and python-pskc.

privacyIDEA is a server: of what it would import at its start, the importer needs little. Modules that are not installed
are stand-ins here (`Absent`); `privacyidea.lib.importotp` and what reads a row, `get_import_csv` of its token classes, are
its own code, unchanged. Reads a case as JSON, answers one.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import os
import sys
import tempfile
import types


class Absent(types.ModuleType):
    """A module that is not installed: whatever is asked of it is a name, and nothing of it is called here."""

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds what nobody else does, where privacyIDEA asks for it."""

    # Its own modules that lead into the whole server.
    SERVER = ("privacyidea.lib.config", "privacyidea.lib.crypto", "privacyidea.lib.log", "privacyidea.lib.utils")

    def find_spec(self, name, path=None, target=None):
        if name in self.SERVER or name.split(".")[0] in ("flask", "flask_babel", "sqlalchemy", "gnupg"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Absent(spec.name)

    def exec_module(self, module):
        pass


def source(module):
    """The file of one of privacyIDEA's modules, parsed."""
    root = importlib.util.find_spec("privacyidea").submodule_search_locations[0]
    with open(f"{root}/lib/{module}.py", encoding="utf-8") as file:
        return ast.parse(file.read())


def taken(module, names, given, inside=None):
    """Functions of one of privacyIDEA's modules, as they stand there, without the modules that it imports."""
    body = source(module).body
    if inside:
        body = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == inside).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef) and node.name in names]
    assert {node.name for node in functions} == set(names), (module, names)
    for node in functions:
        node.decorator_list = []
    space = dict(given)
    exec(compile(ast.Module(body=functions, type_ignores=[]), module, "exec"), space)
    return [space[name] for name in names]


def privacyidea_importer():
    """`privacyidea.lib.importotp`, with the functions of the server that it calls."""
    import base64
    import binascii

    from cryptography.hazmat.backends import default_backend
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    sys.meta_path.insert(0, Finder())
    config, crypto = importlib.import_module("privacyidea.lib.config"), importlib.import_module("privacyidea.lib.crypto")
    log, utils = importlib.import_module("privacyidea.lib.log"), importlib.import_module("privacyidea.lib.utils")
    log.log_with = lambda *_, **__: lambda function: function
    crypto.geturandom = lambda length=20: os.urandom(length)
    given = dict(base64=base64, binascii=binascii, Cipher=Cipher, algorithms=algorithms, modes=modes, padding=padding)
    given.update(default_backend=default_backend, geturandom=crypto.geturandom)
    [to_unicode] = taken("utils/__init__", ["to_unicode"], {})
    given["to_unicode"] = utils.to_unicode = to_unicode
    names = ["hexlify_and_unicode", "b64encode_and_unicode", "to_bytes", "to_utf8"]
    for name, function in zip(names, taken("utils/__init__", names, given)):
        setattr(utils, name, function)
    given["b64encode_and_unicode"] = utils.b64encode_and_unicode
    names = ["aes_decrypt_b64", "aes_encrypt_b64", "aes_cbc_decrypt", "aes_cbc_encrypt"]
    [crypto.aes_decrypt_b64, crypto.aes_encrypt_b64, *_] = taken("crypto", names, given)

    [base] = taken("tokenclass", ["get_import_csv"], {}, "TokenClass")
    given = {"TokenClass": types.SimpleNamespace(get_import_csv=base)}
    kinds = {}
    for kind, name in [("hotp", "HotpTokenClass"), ("totp", "TotpTokenClass")]:
        [read] = taken(f"tokens/{kind}token", ["get_import_csv"], given, name)
        kinds[kind] = types.SimpleNamespace(get_import_csv=read)
    config.get_token_class = kinds.__getitem__
    return importlib.import_module("privacyidea.lib.importotp")


def by_privacyidea(case):
    importer = privacyidea_importer()
    if case["form"] == "oath":
        tokens = importer.parseOATHcsv(case["text"])
    else:
        tokens, refused = importer.parsePSKCdata(
            case["text"], preshared_key_hex=case.get("key"), password=case.get("password")
        )
        assert not refused, refused
    return {
        serial: {
            "type": token["type"].lower(),
            "key": token["otpkey"],
            "hash": token["hashlib"],
            "digits": int(token["otplen"]),
            "moving": int(token["timeStep"] if token["type"] == "totp" else token.get("counter", 0)),
        }
        for serial, token in tokens.items()
    }


def by_python_pskc(case):
    from pskc import PSKC

    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(case["text"])
        file.flush()
        container = PSKC(file.name)
    if case.get("key"):
        container.encryption.key = bytes.fromhex(case["key"])
    if case.get("password"):
        container.encryption.derive_key(case["password"])
    return {
        key.serial: {
            "type": key.algorithm.rsplit(":", 1)[-1],
            "key": key.secret.hex(),
            "hash": key.algorithm_suite.lower(),
            "digits": key.response_length,
            "moving": key.time_interval if key.algorithm.endswith(":totp") else key.counter,
            "checked": key.check(),
            "issuer": key.issuer,
            "model": key.model,
            "person": key.key_userid,
        }
        for key in container.keys
    }


def written_by_privacyidea(case):
    """Its exporter, on tokens that have what it asks of them."""
    importer = privacyidea_importer()

    def token(one):
        about = {"hashlib": one["hash"], "timeStep": one["moving"], "timeShift": 0}
        key = types.SimpleNamespace(getKey=lambda: one["key"].encode())
        row = types.SimpleNamespace(
            description=one["manufacturer"],
            serial=one["serial"],
            otplen=one["digits"],
            count=0 if one["type"] == "totp" else one["moving"],
            get_otpkey=lambda: key,
        )
        return types.SimpleNamespace(
            type=one["type"], token=row, get_tokeninfo=lambda name, default=None: about.get(name, default)
        )

    _, number, soup = importer.export_pskc([token(one) for one in case["write"]], psk=case["key"])
    assert number == len(case["write"])
    # As its program for tokens writes it.
    return str(soup)


def written_by_python_pskc(case):
    from pskc import PSKC

    container = PSKC()
    for one in case["write"]:
        moving = {"time_interval": one["moving"]} if one["type"] == "totp" else {"counter": one["moving"]}
        container.add_key(
            serial=one["serial"],
            manufacturer=one["manufacturer"],
            issuer=one["issuer"],
            key_userid=one["person"],
            secret=bytes.fromhex(one["key"]),
            algorithm=one["type"],
            algorithm_suite=one["hash"].upper(),
            response_length=one["digits"],
            response_encoding="DECIMAL",
            **moving,
        )
    how = {"algorithm": case.get("cipher"), "fields": case.get("fields")}
    if case.get("key"):
        container.encryption.setup_preshared_key(key=bytes.fromhex(case["key"]), **how)
    if case.get("password"):
        container.encryption.setup_pbkdf2(case["password"], iterations=2000, prf=case.get("prf"), **how)
    file = io.BytesIO()
    container.write(file)
    return file.getvalue().decode()


if __name__ == "__main__":
    case = json.load(sys.stdin)
    read = {"privacyidea": by_privacyidea, "python-pskc": by_python_pskc}
    write = {"privacyidea": written_by_privacyidea, "python-pskc": written_by_python_pskc}
    json.dump((write if "write" in case else read)[case["peer"]](case), sys.stdout)
