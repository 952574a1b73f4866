"""The maker of virtual YubiKeys: its root, and the certificates of its devices."""

import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

ARC = "1.3.6.1.4.1.41482.3."
START = datetime.datetime(2016, 3, 14)
END = datetime.datetime(2052, 4, 17)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def extension(number, value):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ARC}{number}"), value)


def certificate(subject, public, issuer, issuer_key, extensions, authority=None):
    number = bytearray(os.urandom(16))
    number[0] = number[0] & 0x3F | 0x40
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(public)
        .serial_number(int.from_bytes(number, "big"))
        .not_valid_before(START)
        .not_valid_after(END)
    )
    for item in extensions:
        builder = builder.add_extension(item, critical=False)
    if authority is not None:
        constraints = x509.BasicConstraints(ca=True, path_length=authority)
        builder = builder.add_extension(constraints, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def der(made):
    return made.public_bytes(serialization.Encoding.DER)


def pem(made):
    return made.public_bytes(serialization.Encoding.PEM)


class Maker:
    """Stands where Yubico stands. Its root is of this stand alone."""

    def __init__(self, title="Virtual YubiKey Root"):
        self.title = title
        self.key = rsa.generate_private_key(65537, 2048)
        self.root = certificate(title, self.key.public_key(), title, self.key, [], authority=1)

    def device(self, firmware):
        """The key and certificate that a device leaves the factory with."""
        key = rsa.generate_private_key(65537, 2048)
        said = [extension(3, bytes(firmware))]
        made = certificate(
            "Yubico PIV Attestation", key.public_key(), self.title, self.key, said, authority=0
        )
        return key, made


def statement(device_key, device, slot, key, serial, firmware, policies=None):
    """What a device says of a key that was made in it."""
    number = b"\x02\x04" + serial.to_bytes(4, "big")
    policies = policies or (key.pin_policy, key.touch_policy)
    said = [
        extension(3, bytes(firmware)),
        extension(7, number),
        extension(8, bytes(policies)),
        extension(9, b"\x03"),
    ]
    issuer = device.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    subject = f"YubiKey PIV Attestation {slot:02x}"
    return certificate(subject, key.public(), issuer, device_key, said)
