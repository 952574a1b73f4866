"""The keys in the slots: made, imported, used."""

import os
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from apdu import Refused, tlv

try:  # its home in newer versions
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
except ImportError:
    TripleDES = algorithms.TripleDES

RSA_BITS = {0x06: 1024, 0x07: 2048, 0x05: 3072, 0x16: 4096}
CURVES = {0x11: ec.SECP256R1(), 0x14: ec.SECP384R1()}
ED25519, X25519 = 0xE0, 0xE1
SINCE_5_7 = {0x05, 0x16, ED25519, X25519}

GENERATED, IMPORTED = 1, 2


@dataclass
class Key:
    """A private key in a slot, and when it wants a PIN and a touch."""

    algorithm: int
    private: object
    pin_policy: int
    touch_policy: int
    origin: int

    @classmethod
    def generate(cls, algorithm, pin_policy, touch_policy):
        if algorithm in RSA_BITS:
            private = rsa.generate_private_key(65537, RSA_BITS[algorithm])
        elif algorithm in CURVES:
            private = ec.generate_private_key(CURVES[algorithm])
        elif algorithm == ED25519:
            private = ed25519.Ed25519PrivateKey.generate()
        elif algorithm == X25519:
            private = x25519.X25519PrivateKey.generate()
        else:
            raise Refused(0x6A80)
        return cls(algorithm, private, pin_policy, touch_policy, GENERATED)

    @classmethod
    def load(cls, algorithm, parts, pin_policy, touch_policy):
        number = lambda tag: int.from_bytes(parts[tag], "big")
        try:
            if algorithm in RSA_BITS:
                p, q = number(1), number(2)
                n, e = p * q, 65537
                d = pow(e, -1, (p - 1) * (q - 1))
                public = rsa.RSAPublicNumbers(e, n)
                private = rsa.RSAPrivateNumbers(
                    p, q, d, number(3), number(4), number(5), public
                ).private_key()
            elif algorithm in CURVES:
                private = ec.derive_private_key(number(6), CURVES[algorithm])
            elif algorithm == ED25519:
                private = ed25519.Ed25519PrivateKey.from_private_bytes(parts[7])
            elif algorithm == X25519:
                private = x25519.X25519PrivateKey.from_private_bytes(parts[8])
            else:
                raise Refused(0x6A80)
        except (KeyError, ValueError) as error:
            raise Refused(0x6A80) from error
        return cls(algorithm, private, pin_policy, touch_policy, IMPORTED)

    def public(self):
        return self.private.public_key()

    def public_parts(self):
        """The public key as the card tells it."""
        public = self.public()
        if self.algorithm in RSA_BITS:
            numbers = public.public_numbers()
            length = RSA_BITS[self.algorithm] // 8
            return tlv(0x81, numbers.n.to_bytes(length, "big")) + tlv(
                0x82, numbers.e.to_bytes(3, "big")
            )
        if self.algorithm in CURVES:
            point = public.public_bytes(
                serialization.Encoding.X962,
                serialization.PublicFormat.UncompressedPoint,
            )
            return tlv(0x86, point)
        raw = public.public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return tlv(0x86, raw)

    def sign(self, message):
        if self.algorithm in RSA_BITS:
            length = RSA_BITS[self.algorithm] // 8
            numbers = self.private.private_numbers()
            block = int.from_bytes(message, "big")
            if len(message) != length or block >= numbers.public_numbers.n:
                raise Refused(0x6A80)
            return pow(block, numbers.d, numbers.public_numbers.n).to_bytes(length, "big")
        if self.algorithm in CURVES:
            size = CURVES[self.algorithm].key_size // 8
            if len(message) > size:
                raise Refused(0x6A80)
            digest = {32: hashes.SHA256(), 48: hashes.SHA384()}[size]
            padded = message.rjust(size, b"\0")
            return self.private.sign(padded, ec.ECDSA(utils.Prehashed(digest)))
        if self.algorithm == ED25519:
            return self.private.sign(message)
        raise Refused(0x6A80)

    def agree(self, point):
        try:
            if self.algorithm in CURVES:
                curve = CURVES[self.algorithm]
                other = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
                return self.private.exchange(ec.ECDH(), other)
            if self.algorithm == X25519:
                return self.private.exchange(x25519.X25519PublicKey.from_public_bytes(point))
        except ValueError as error:
            raise Refused(0x6A80) from error
        raise Refused(0x6A80)


class ManagementKey:
    """3DES or AES, one block at a time."""

    FACTORY = bytes(range(1, 9)) * 3
    LENGTHS = {0x03: 24, 0x08: 16, 0x0A: 24, 0x0C: 32}

    def __init__(self, algorithm, key, touch=False):
        if self.LENGTHS.get(algorithm) != len(key):
            raise Refused(0x6A80)
        self.algorithm, self.key, self.touch = algorithm, key, touch

    def is_factory(self):
        return self.key == self.FACTORY

    def block_size(self):
        return 8 if self.algorithm == 0x03 else 16

    def encrypt(self, block):
        if len(block) != self.block_size():
            raise Refused(0x6A80)
        name = TripleDES if self.algorithm == 0x03 else algorithms.AES
        encryptor = Cipher(name(self.key), modes.ECB()).encryptor()
        return encryptor.update(block) + encryptor.finalize()

    def random_block(self):
        return os.urandom(self.block_size())
