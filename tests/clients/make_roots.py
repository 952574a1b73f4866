"""Plays a genesis and a rotation with python-tuf, so that the harness can be tried without a ceremony.

    make_roots.py KEY_TYPE DIR

KEY_TYPE is ed25519, ecdsa-p256, ecdsa-p384 or rsa. Leaves DIR/roots with 1.root.json, of the keys
A, B and C, and 2.root.json, of A, B and D, signed by all four; DIR/online with the private keys of
the other roles; and DIR/holders.json with the key ID of each letter. Both thresholds are 2.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization.json import JSONSerializer

ONLINE = ("timestamp", "snapshot", "targets")

GENERATE = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 3072),
}


def signer(private):
    return CryptoSigner(private, SSlibKey.from_crypto(private.public_key()))


def write(root, signers, path):
    metadata = Metadata(root)
    for each in signers:
        metadata.sign(each, append=True)
    metadata.to_file(str(path), JSONSerializer(compact=True))


def main():
    key_type, directory = sys.argv[1], Path(sys.argv[2])
    (directory / "roots").mkdir(parents=True)
    (directory / "online").mkdir()

    root = Root(
        expires=datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=365),
        consistent_snapshot=True,
    )
    for role in ONLINE:
        private = ec.generate_private_key(ec.SECP256R1())
        root.add_key(signer(private).public_key, role)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (directory / "online" / f"{role}.pem").write_bytes(pem)

    a, b, c, d = (signer(GENERATE[key_type]()) for _ in range(4))
    for holder in (a, b, c):
        root.add_key(holder.public_key, "root")
    root.roles["root"].threshold = 2
    write(root, (a, b, c), directory / "roots" / "1.root.json")

    root.version = 2
    root.revoke_key(c.public_key.keyid, "root")
    root.add_key(d.public_key, "root")
    write(root, (a, b, c, d), directory / "roots" / "2.root.json")

    holders = {letter: each.public_key.keyid for letter, each in zip("ABCD", (a, b, c, d))}
    (directory / "holders.json").write_text(json.dumps(holders))


main()
