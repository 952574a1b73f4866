"""Builds a whole TUF repository around roots that were made elsewhere.

    build_repository.py ROOTS ONLINE OUT

ROOTS has 1.root.json to N.root.json, ONLINE the private keys of the other roles as PKCS#8 PEM:
timestamp.pem, snapshot.pem, targets.pem. Leaves OUT/metadata with the roots, byte for byte, and
one version of each other role, and OUT/targets with two targets, named by their hashes: release.bin,
and trusted_root.json, which Sigstore's clients ask for.
"""

import shutil
import sys
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

TARGET = "release.bin"
TRUSTED_ROOT = "trusted_root.json"


def signers(root, role, online):
    """One signer for each key of the role that the private key belongs to, under root's own key ID."""
    private = load_pem_private_key((online / f"{role}.pem").read_bytes(), password=None)
    public = SSlibKey.from_crypto(private.public_key()).keyval["public"]
    keys = [root.keys[keyid] for keyid in root.roles[role].keyids]
    ours = [key for key in keys if key.keyval["public"].strip() == public.strip()]
    if not ours:
        sys.exit(f"{role}.pem is no key of the {role} role of root {root.version}")
    return [CryptoSigner(private, key) for key in ours]


def main():
    roots, online, out = map(Path, sys.argv[1:])
    metadata, targets = out / "metadata", out / "targets"
    metadata.mkdir(parents=True)
    targets.mkdir()

    version = 0
    while (source := roots / f"{version + 1}.root.json").exists():
        version += 1
        shutil.copyfile(source, metadata / source.name)
    if version == 0:
        sys.exit(f"there is no 1.root.json in {roots}")
    root = Metadata[Root].from_file(str(metadata / f"{version}.root.json")).signed
    if not root.consistent_snapshot:
        sys.exit(f"root {version} has no consistent snapshots")

    expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)
    content = bytes(range(256)) * 16
    trusted_root = b'{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}\n'
    files = {}
    for name, data in [(TARGET, content), (TRUSTED_ROOT, trusted_root)]:
        files[name] = TargetFile.from_data(name, data, ["sha256"])
        (targets / f"{sha256(data).hexdigest()}.{name}").write_bytes(data)

    def publish(signed, role, name):
        file = Metadata(signed)
        for signer in signers(root, role, online):
            file.sign(signer, append=True)
        file.to_file(str(metadata / name))

    publish(Targets(expires=expires, targets=files), "targets", "1.targets.json")
    publish(
        Snapshot(expires=expires, meta={"targets.json": MetaFile(1)}), "snapshot", "1.snapshot.json"
    )
    publish(Timestamp(expires=expires, snapshot_meta=MetaFile(1)), "timestamp", "timestamp.json")


main()
