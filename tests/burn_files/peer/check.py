"""What other programs read in our files: privacyIDEA's importer, and python-pskc.

privacyIDEA is a server: of what it would import at its start, the importer needs little. Modules that are not installed
are stand-ins here (`Absent`); `privacyidea.lib.importotp` and what reads a row, `get_import_csv` of its token classes, are
its own code, unchanged. Reads a case as JSON, answers one.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import json
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
    given = dict(base64=base64, binascii=binascii, Cipher=Cipher, algorithms=algorithms, modes=modes, padding=padding)
    given["default_backend"] = default_backend
    [to_unicode] = taken("utils/__init__", ["to_unicode"], {})
    given["to_unicode"] = utils.to_unicode = to_unicode
    names = ["hexlify_and_unicode", "b64encode_and_unicode", "to_bytes", "to_utf8"]
    for name, function in zip(names, taken("utils/__init__", names, given)):
        setattr(utils, name, function)
    names = ["aes_cbc_decrypt", "aes_decrypt_b64"]
    crypto.aes_decrypt_b64 = taken("crypto", names, given)[1]

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


if __name__ == "__main__":
    case = json.load(sys.stdin)
    read = {"privacyidea": by_privacyidea, "python-pskc": by_python_pskc}[case["peer"]]
    json.dump(read(case), sys.stdout)
