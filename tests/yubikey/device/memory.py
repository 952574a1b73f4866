"""What a virtual YubiKey keeps without power, as a file: a rehearsal may go on another day."""

import json
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

import attestation
from keys import Key, ManagementKey


def _private(key):
    made = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.hex()


def _load_private(text):
    return serialization.load_der_private_key(bytes.fromhex(text), password=None)


def _write(path, text):
    """All or nothing: the power may go at any time."""
    beside = path.with_suffix(".next")
    beside.write_text(text)
    os.replace(beside, path)


def maker(folder):
    """The maker of a folder's cards: the same each time."""
    path = Path(folder) / "maker.json"
    made = attestation.Maker()
    if path.exists():
        kept = json.loads(path.read_text())
        made.key = _load_private(kept["key"])
        made.root = x509.load_der_x509_certificate(bytes.fromhex(kept["root"]))
    else:
        kept = {"key": _private(made.key), "root": attestation.der(made.root).hex()}
        _write(path, json.dumps(kept))
    return made


def save(card, path):
    management = card.management
    kept = {
        "serial": card.serial,
        "firmware": card.firmware,
        "device": [_private(card.device_key), attestation.der(card.device).hex()],
        "secrets": {str(name): value.hex() for name, value in card.secrets.items()},
        "tries": {str(name): value for name, value in card.tries.items()},
        "management": [management.algorithm, management.key.hex(), management.touch],
        "objects": {str(name): value.hex() for name, value in card.objects.items()},
        "keys": {
            str(slot): [
                key.algorithm,
                _private(key.private),
                key.pin_policy,
                key.touch_policy,
                key.origin,
            ]
            for slot, key in card.keys.items()
        },
    }
    _write(Path(path), json.dumps(kept))


def load(card, path):
    """Gives a card what one kept that is to be the same."""
    kept = json.loads(Path(path).read_text())
    card.serial, card.firmware = kept["serial"], tuple(kept["firmware"])
    key, made = kept["device"]
    card.device_key = _load_private(key)
    card.device = x509.load_der_x509_certificate(bytes.fromhex(made))
    card.secrets = {int(name): bytes.fromhex(value) for name, value in kept["secrets"].items()}
    card.tries = {int(name): value for name, value in kept["tries"].items()}
    algorithm, key, touch = kept["management"]
    card.management = ManagementKey(algorithm, bytes.fromhex(key), touch)
    card.objects = {int(name): bytes.fromhex(value) for name, value in kept["objects"].items()}
    card.keys = {
        int(slot): Key(algorithm, _load_private(private), pin, touch, origin)
        for slot, (algorithm, private, pin, touch, origin) in kept["keys"].items()
    }
