"""Google's transfer by other hands: PyPI's `otpa` reads and writes it, and Google's own `protobuf` its messages. JSON in,
JSON out."""

import base64
import json
import sys
from urllib.parse import parse_qs, quote, urlparse

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from otpa import migration

ACCOUNT = [("secret", "TYPE_BYTES"), ("name", "TYPE_STRING"), ("issuer", "TYPE_STRING"), ("algorithm", "TYPE_INT32"),
           ("digits", "TYPE_INT32"), ("type", "TYPE_INT32"), ("counter", "TYPE_INT64")]  # fmt: skip
PAYLOAD = [("version", "TYPE_INT32"), ("batch_size", "TYPE_INT32"), ("batch_index", "TYPE_INT32"), ("batch_id", "TYPE_INT32")]


def payload_class():
    """The message, as the fields that its readers agree on."""
    file = descriptor_pb2.FileDescriptorProto(name="migration.proto", package="peer", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    account, payload = file.message_type.add(name="Account"), file.message_type.add(name="Payload")
    for number, (name, kind) in enumerate(ACCOUNT, 1):
        account.field.add(name=name, number=number, type=getattr(kinds, kind), label=kinds.LABEL_OPTIONAL)
    payload.field.add(
        name="accounts", number=1, type=kinds.TYPE_MESSAGE, type_name=".peer.Account", label=kinds.LABEL_REPEATED
    )
    for number, (name, kind) in enumerate(PAYLOAD, 2):
        payload.field.add(name=name, number=number, type=getattr(kinds, kind), label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("peer.Payload"))


Payload = payload_class()


def read(question):
    """What they make of our links."""
    by_otpa, by_protobuf = [], []
    for link in question["links"]:
        by_otpa += migration.migration_to_otpauth(link)
        payload = Payload.FromString(base64.b64decode(parse_qs(urlparse(link).query)["data"][0], validate=True))
        accounts = [
            {"secret": account.secret.hex()} | {name: getattr(account, name) for name, _ in ACCOUNT[1:]}
            for account in payload.accounts
        ]
        by_protobuf.append({name: getattr(payload, name) for name, _ in PAYLOAD} | {"accounts": accounts})
        assert Payload.FromString(payload.SerializeToString()) == payload
    return {"otpa": by_otpa, "protobuf": by_protobuf}


def write(question):
    """Links of theirs."""
    links = question["links"]
    by_otpa = migration.otpauth_to_migration(links, batch_id=question["id"], batch_size=3)
    by_protobuf, chunks = [], [links[start : start + 15] for start in range(0, len(links), 15)]
    for index, chunk in enumerate(chunks):
        payload = Payload(version=2, batch_size=len(chunks), batch_index=index, batch_id=question["id"])
        for link in chunk:
            params = migration.otpauth_link_to_params(link)
            payload.accounts.add(
                secret=params.secret,
                name=params.name,
                issuer=params.issuer,
                algorithm=int(params.algorithm),
                digits=int(params.digits),
                type=int(params.type),
                counter=params.counter,
            )
        data = base64.b64encode(payload.SerializeToString()).decode()
        by_protobuf.append("otpauth-migration://offline?data=" + quote(data, safe=""))
    return {"otpa": by_otpa, "protobuf": by_protobuf}


json.dump({"read": read, "write": write}[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
