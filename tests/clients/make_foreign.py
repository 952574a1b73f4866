"""Makes a first root as another tool writes it, from public keys whose private halves are elsewhere.

    make_foreign.py begin FORM DIR PEM…    writes DIR/unsigned.json, DIR/payload and DIR/online
    make_foreign.py end DIR                adds the signatures of DIR/signatures, and writes DIR/roots/1.root.json

FORM is python-tuf, tuf-on-ci, go-tuf, tough or wrong-id. The document, its key IDs and its canonical form are
python-tuf's; what the forms add to it is what those tools add. DIR/signatures has a file for each key, named after
its ID, with the DER signature over DIR/payload.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import Key, SSlibKey
from tuf.api.metadata import Metadata, Root, Signature
from tuf.api.serialization.json import CanonicalJSONSerializer, JSONSerializer

ONLINE = ("timestamp", "snapshot", "targets")


def foreign(key, form, holder):
    """The key as the tool lists it: with its members, and under its ID."""
    listed = key.to_dict()
    if form == "tuf-on-ci":
        listed["x-tuf-on-ci-keyowner" if holder else "x-tuf-on-ci-online-uri"] = holder or "awskms:alias/online"
    if form == "go-tuf":
        listed["keyid_hash_algorithms"] = ["sha256", "sha512"]
    if form == "tough":
        listed["x-tough-note"] = "kept in a safe"
    key_id = sha256(encode_canonical(listed).encode()).hexdigest()
    if form == "wrong-id" and holder == "@holder-0":
        # As old tools computed it: over a member that the key does not have.
        hashed = dict(listed, keyid_hash_algorithms=["sha256", "sha512"])
        key_id = sha256(encode_canonical(hashed).encode()).hexdigest()
    return Key.from_dict(key_id, listed)


def begin(form, directory, pems):
    (directory / "online").mkdir(parents=True)
    root = Root(
        expires=datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=365),
        consistent_snapshot=True,
        unrecognized_fields={"x-maintainer": {"name": "Ada Lindgren", "floor": 3}},
    )
    for role in ONLINE:
        private = ec.generate_private_key(ec.SECP256R1())
        root.add_key(foreign(SSlibKey.from_crypto(private.public_key()), form, None), role)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (directory / "online" / f"{role}.pem").write_bytes(pem)
    for index, pem in enumerate(pems):
        key = SSlibKey.from_crypto(load_pem_public_key(Path(pem).read_bytes()))
        root.add_key(foreign(key, form, f"@holder-{index}"), "root")
    root.roles["root"].threshold = 2
    if form == "tuf-on-ci":
        for role in ("root", "timestamp", "snapshot"):
            root.roles[role].unrecognized_fields["x-tuf-on-ci-expiry-period"] = 365
            root.roles[role].unrecognized_fields["x-tuf-on-ci-signing-period"] = 60
    metadata = Metadata(root)
    metadata.to_file(str(directory / "unsigned.json"), JSONSerializer())
    (directory / "payload").write_bytes(CanonicalJSONSerializer().serialize(root))


def end(directory):
    metadata = Metadata.from_file(str(directory / "unsigned.json"))
    for key_id in metadata.signed.roles["root"].keyids:
        signature = (directory / "signatures" / key_id).read_bytes().hex()
        metadata.signatures[key_id] = Signature(key_id, signature)
    (directory / "roots").mkdir()
    metadata.to_file(str(directory / "roots" / "1.root.json"), JSONSerializer())


if __name__ == "__main__":
    if sys.argv[1] == "begin":
        begin(sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
    else:
        end(Path(sys.argv[2]))
