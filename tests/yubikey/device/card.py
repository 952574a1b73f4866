"""A YubiKey's PIV application, as much of it as a ceremony and the maker's own tools use."""

import hmac
import os
import threading
import time

from cryptography import x509

import attestation
from apdu import Command, Refused, parse_tlv, tlv
from keys import GENERATED, SINCE_5_7, Key, ManagementKey

ATR = bytes.fromhex("3bfd1300008131fe158073c021c057597562694b657940")

PIV = bytes.fromhex("a000000308")
MANAGEMENT = bytes.fromhex("a000000527471117")
OTP = bytes.fromhex("a0000005272001")

SLOTS = {0x9A, 0x9C, 0x9D, 0x9E, *range(0x82, 0x96)}
DEVICE_SLOT = 0xF9
PIN, PUK, MANAGEMENT_KEY = 0x80, 0x81, 0x9B

DISCOVERY = 0x7E
PRINTED = 0x5FC109
DEVICE_CERTIFICATE = 0x5FFF01

FACTORY_PIN = b"123456\xff\xff"
FACTORY_PUK = b"12345678"

PIN_NEVER, PIN_ONCE, PIN_ALWAYS = 1, 2, 3
TOUCH_NEVER, TOUCH_ALWAYS, TOUCH_CACHED = 1, 2, 3
TOUCH_SECONDS = 15

# Commands after which the card is not as it was: PINs and their tries, keys, objects.
CHANGES = {0x20, 0x24, 0x2C, 0x47, 0xDB, 0xF6, 0xFA, 0xFB, 0xFE, 0xFF}


class Card:
    """One device. What survives pulling stands in fields; what does not, in `_power_on`."""

    def __init__(self, serial, firmware, maker):
        self.serial, self.firmware = serial, firmware
        self.device_key, self.device = maker.device(firmware)
        self.lock = threading.Condition()
        self.touch_wanted = False
        self.touch_answer = None
        self.touch_at_once = True
        self.touch_after = 0.0
        self.keep = lambda card: None
        self.last_touch = float("-inf")
        self.lie = None
        self.pulled = False
        self.log = []
        self._factory()
        self._power_on()

    # -- what a person does ------------------------------------------------------------------

    def touch(self, answer):
        """A finger (True), or none in time (False)."""
        with self.lock:
            self.touch_answer = answer
            self.lock.notify_all()

    def pull(self):
        with self.lock:
            self.pulled = True
            self.lock.notify_all()

    def insert(self):
        with self.lock:
            self.pulled = False
        self._power_on()

    def overwrite_device(self):
        """Replaces the key and certificate of slot f9, for ever."""
        maker = attestation.Maker("Yubico PIV Attestation")
        self.device_key, self.device = maker.key, maker.root
        self._put_device_certificate()

    def report(self):
        return {
            "serial": self.serial,
            "firmware": ".".join(map(str, self.firmware)),
            "pin_tries": self.tries[PIN][1],
            "puk_tries": self.tries[PUK][1],
            "touch_wanted": self.touch_wanted,
            "slots": sorted(f"{slot:02x}" for slot in self.keys),
            "commands": self.log,
        }

    # -- state ---------------------------------------------------------------------------------

    def _factory(self):
        self.secrets = {PIN: FACTORY_PIN, PUK: FACTORY_PUK}
        self.tries = {PIN: [3, 3], PUK: [3, 3]}
        aes = self.firmware >= (5, 7, 0)
        self.management = ManagementKey(0x0A if aes else 0x03, ManagementKey.FACTORY)
        self.keys = {}
        self.objects = {}
        self._put_device_certificate()

    def _put_device_certificate(self):
        made = attestation.der(self.device)
        self.objects[DEVICE_CERTIFICATE] = tlv(0x70, made) + tlv(0x71, b"\0") + tlv(0xFE, b"")

    def _power_on(self):
        self.application = None
        self.chain = b""
        self.pending = b""
        self._forget()

    def _forget(self):
        self.pin_verified = False
        self.pin_fresh = False
        self.authenticated = False
        self.witness = None
        self.challenge = None

    # -- commands --------------------------------------------------------------------------------

    def power(self, on):
        self._power_on()

    def transmit(self, raw):
        try:
            command = Command.parse(raw)
            answer = self._answer(command)
            status = 0x9000
        except Refused as refusal:
            command = None if len(raw) < 2 else raw
            answer, status = b"", refusal.status
        if len(raw) > 1 and raw[1] in CHANGES:
            self.keep(self)
        self.log.append([f"{raw[1]:02x}" if len(raw) > 1 else "", f"{status:04x}"])
        if isinstance(command, Command) and len(answer) > command.longest:
            self.pending = answer[command.longest :]
            answer = answer[: command.longest]
            status = 0x6100 | (min(len(self.pending), 0xFF) if len(self.pending) < 256 else 0)
        return answer + status.to_bytes(2, "big")

    def _answer(self, command):
        if command.ins == 0xC0:
            answer, self.pending = self.pending, b""
            return answer
        self.pending = b""
        if command.cla & 0x10:
            self.chain += command.data
            if len(self.chain) > 8192:
                self.chain = b""
                raise Refused(0x6700)
            return b""
        command.data, self.chain = self.chain + command.data, b""
        if command.ins == 0xA4:
            return self._select(command)
        if self.application == PIV:
            return self._piv(command)
        if self.application == MANAGEMENT and command.ins == 0x1D:
            return self._configuration(command)
        if self.application == OTP and command.ins == 0x01 and command.p1 == 0x10:
            return self.serial.to_bytes(4, "big")
        raise Refused(0x6D00)

    def _select(self, command):
        if command.p1 != 4:
            raise Refused(0x6A86)
        self._forget()
        if command.data and command.data.startswith(PIV):
            self.application = PIV
            return bytes.fromhex("61114f0600001000010079074f05a000000308")
        if command.data == MANAGEMENT:
            self.application = MANAGEMENT
            version = ".".join(map(str, self.firmware))
            return f"Virtual mgr - FW version {version}".encode()
        if command.data == OTP:
            self.application = OTP
            return bytes(self.firmware) + bytes([0, 0, 0])
        self.application = None
        raise Refused(0x6A82)

    def _configuration(self, command):
        if command.p1:
            return bytes([0])
        said = (
            tlv(0x01, b"\x00\x10")
            + tlv(0x02, self.serial.to_bytes(4, "big"))
            + tlv(0x03, b"\x00\x10")
            + tlv(0x04, b"\x03")
            + tlv(0x05, bytes(self.firmware))
            + tlv(0x0A, b"\x00")
        )
        return bytes([len(said)]) + said

    def _piv(self, command):
        known = {
            0x20: self._verify,
            0x24: self._change_reference,
            0x2C: self._unblock,
            0x47: self._generate,
            0x87: self._authenticate,
            0xCB: self._get_data,
            0xDB: self._put_data,
            0xF6: self._move,
            0xF7: self._metadata,
            0xF8: lambda command: self.serial.to_bytes(4, "big"),
            0xF9: self._attest,
            0xFA: self._set_retries,
            0xFB: self._reset,
            0xFD: lambda command: bytes(self.firmware),
            0xFE: self._import,
            0xFF: self._set_management_key,
        }
        since = {0xF6: (5, 7, 0), 0xF7: (5, 3, 0)}
        if command.ins not in known or self.firmware < since.get(command.ins, (0, 0, 0)):
            raise Refused(0x6D00)
        return known[command.ins](command)

    # -- PIN and PUK -----------------------------------------------------------------------------

    def _check(self, reference, given):
        """Compares a PIN or PUK, and counts."""
        total, left = self.tries[reference]
        if left == 0:
            raise Refused(0x6983)
        if hmac.compare_digest(self.secrets[reference], given):
            self.tries[reference][1] = total
            return
        self.tries[reference][1] = left - 1
        if reference == PIN:
            self.pin_verified = self.pin_fresh = False
        raise Refused(0x63C0 | (left - 1))

    def _verify(self, command):
        if command.p2 != PIN:
            raise Refused(0x6A88)
        if command.p1 == 0xFF and not command.data:
            self.pin_verified = self.pin_fresh = False
            return b""
        if not command.data:
            if self.pin_verified:
                return b""
            left = self.tries[PIN][1]
            raise Refused(0x63C0 | left if left else 0x6983)
        if len(command.data) != 8:
            raise Refused(0x6A80)
        self._check(PIN, command.data)
        self.pin_verified = self.pin_fresh = True
        return b""

    def _pair(self, command):
        if len(command.data) != 16:
            raise Refused(0x6A80)
        old, new = command.data[:8], command.data[8:]
        if b"\xff" in new[:6] or b"\xff" in new.rstrip(b"\xff"):
            raise Refused(0x6A80)
        return old, new

    def _change_reference(self, command):
        if command.p2 not in (PIN, PUK):
            raise Refused(0x6A88)
        old, new = self._pair(command)
        self._check(command.p2, old)
        self.secrets[command.p2] = new
        return b""

    def _unblock(self, command):
        if command.p2 != PIN:
            raise Refused(0x6A88)
        puk, new = self._pair(command)
        self._check(PUK, puk)
        self.secrets[PIN] = new
        self.tries[PIN][1] = self.tries[PIN][0]
        return b""

    def _set_retries(self, command):
        self._need_management()
        if not self.pin_verified:
            raise Refused(0x6982)
        self.secrets = {PIN: FACTORY_PIN, PUK: FACTORY_PUK}
        self.tries = {PIN: [command.p1] * 2, PUK: [command.p2] * 2}
        return b""

    def _reset(self, command):
        if self.tries[PIN][1] or self.tries[PUK][1]:
            raise Refused(0x6985)
        self._factory()
        self._forget()
        return b""

    # -- management key ------------------------------------------------------------------------

    def _need_management(self):
        if not self.authenticated:
            raise Refused(0x6982)

    def _set_management_key(self, command):
        self._need_management()
        data = command.data
        if command.p1 != 0xFF or command.p2 not in (0xFE, 0xFF) or len(data) < 3:
            raise Refused(0x6A86)
        algorithm, reference, length = data[:3]
        if reference != MANAGEMENT_KEY or len(data) != 3 + length:
            raise Refused(0x6A80)
        if algorithm != 0x03 and self.firmware < (5, 4, 2):
            raise Refused(0x6A80)
        self.management = ManagementKey(algorithm, data[3:], command.p2 == 0xFE)
        return b""

    def _authenticate_management(self, command, parts):
        key = self.management
        if command.p1 not in (0, key.algorithm):
            raise Refused(0x6A86)
        if 0x80 in parts and not parts[0x80]:
            self.witness, self.challenge = key.random_block(), None
            return tlv(0x7C, tlv(0x80, key.encrypt(self.witness)))
        if 0x81 in parts and not parts[0x81]:
            self.challenge, self.witness = key.random_block(), None
            return tlv(0x7C, tlv(0x81, self.challenge))
        witness, self.witness = self.witness, None
        challenge, self.challenge = self.challenge, None
        if witness and parts.get(0x80) == witness and parts.get(0x81):
            self._need_touch(TOUCH_ALWAYS if key.touch else TOUCH_NEVER)
            answer = key.encrypt(parts[0x81])
            self.authenticated = True
            return tlv(0x7C, tlv(0x82, answer))
        if challenge and parts.get(0x82) == key.encrypt(challenge):
            self._need_touch(TOUCH_ALWAYS if key.touch else TOUCH_NEVER)
            self.authenticated = True
            return b""
        raise Refused(0x6982)

    # -- keys ------------------------------------------------------------------------------------

    def _policies(self, parts, slot):
        pin = parts.get(0xAA, b"\0")[0]
        touch = parts.get(0xAB, b"\0")[0]
        pin = pin or {0x9C: PIN_ALWAYS, 0x9E: PIN_NEVER}.get(slot, PIN_ONCE)
        touch = touch or TOUCH_NEVER
        if pin > PIN_ALWAYS or touch > TOUCH_CACHED:
            raise Refused(0x6A80)
        return pin, touch

    def _need_slot(self, slot):
        if slot not in SLOTS and slot != DEVICE_SLOT:
            raise Refused(0x6B00)

    def _need_algorithm(self, algorithm):
        if algorithm in SINCE_5_7 and self.firmware < (5, 7, 0):
            raise Refused(0x6A80)

    def _generate(self, command):
        self._need_management()
        self._need_slot(command.p2)
        parts = parse_tlv(parse_tlv(command.data).get(0xAC, b""))
        if len(parts.get(0x80, b"")) != 1:
            raise Refused(0x6A80)
        algorithm = parts[0x80][0]
        self._need_algorithm(algorithm)
        key = Key.generate(algorithm, *self._policies(parts, command.p2))
        with self.lock:
            # Pulled while it worked: nothing was kept.
            if self.pulled:
                raise Refused(0x6F00)
        self.keys[command.p2] = key
        return tlv(0x7F49, key.public_parts())

    def _import(self, command):
        self._need_management()
        self._need_slot(command.p2)
        self._need_algorithm(command.p1)
        parts = parse_tlv(command.data)
        self.keys[command.p2] = Key.load(command.p1, parts, *self._policies(parts, command.p2))
        return b""

    def _move(self, command):
        self._need_management()
        if command.p2 not in self.keys:
            raise Refused(0x6A88)
        if command.p1 == 0xFF:
            del self.keys[command.p2]
        elif command.p1 in self.keys or command.p1 not in SLOTS:
            raise Refused(0x6A80)
        else:
            self.keys[command.p1] = self.keys.pop(command.p2)
        return b""

    def _metadata(self, command):
        slot = command.p2
        if slot in (PIN, PUK):
            factory = {PIN: FACTORY_PIN, PUK: FACTORY_PUK}[slot]
            default = bytes([self.secrets[slot] == factory])
            return tlv(0x01, b"\xff") + tlv(0x05, default) + tlv(0x06, bytes(self.tries[slot]))
        if slot == MANAGEMENT_KEY:
            key = self.management
            touch = TOUCH_ALWAYS if key.touch else TOUCH_NEVER
            return (
                tlv(0x01, bytes([key.algorithm]))
                + tlv(0x02, bytes([0, touch]))
                + tlv(0x05, bytes([key.is_factory()]))
            )
        if slot not in self.keys:
            raise Refused(0x6A88)
        key = self.keys[slot]
        return (
            tlv(0x01, bytes([key.algorithm]))
            + tlv(0x02, bytes([key.pin_policy, key.touch_policy]))
            + tlv(0x03, bytes([key.origin]))
            + tlv(0x04, key.public_parts())
        )

    def _authenticate(self, command):
        parts = parse_tlv(parse_tlv(command.data).get(0x7C, b""))
        if command.p2 == MANAGEMENT_KEY:
            return self._authenticate_management(command, parts)
        key = self.keys.get(command.p2)
        if key is None or key.algorithm != command.p1:
            raise Refused(0x6A80)
        self._need_pin(key)
        self._need_touch(key.touch_policy)
        if 0x85 in parts:
            return tlv(0x7C, tlv(0x82, key.agree(parts[0x85])))
        if 0x81 in parts:
            return tlv(0x7C, tlv(0x82, key.sign(parts[0x81])))
        raise Refused(0x6A80)

    def _need_pin(self, key):
        fresh, self.pin_fresh = self.pin_fresh, False
        if key.pin_policy == PIN_ALWAYS and not fresh:
            raise Refused(0x6982)
        if key.pin_policy == PIN_ONCE and not self.pin_verified:
            raise Refused(0x6982)

    def _need_touch(self, policy):
        now = time.monotonic()
        if policy == TOUCH_NEVER or (
            policy == TOUCH_CACHED and now - self.last_touch < TOUCH_SECONDS
        ):
            return
        with self.lock:
            self.touch_wanted = True
            at_once = self.touch_at_once and not self.touch_after
            self.touch_answer = True if at_once else None
            end = now + TOUCH_SECONDS
            if self.touch_at_once and self.touch_after:
                threading.Timer(self.touch_after, self.touch, [True]).start()
            while self.touch_answer is None and not self.pulled and time.monotonic() < end:
                self.lock.wait(end - time.monotonic())
            touched, self.touch_answer, self.touch_wanted = self.touch_answer, None, False
            if not touched or self.pulled:
                raise Refused(0x6982)
            self.last_touch = time.monotonic()

    # -- attestation and objects -----------------------------------------------------------------

    def _attest(self, command):
        key = self.keys.get(command.p1)
        if key is None or key.origin != GENERATED:
            raise Refused(0x6A80)
        serial, policies, device_key = self.serial, None, self.device_key
        if self.lie == "other-key":
            key = Key.generate(key.algorithm, key.pin_policy, key.touch_policy)
        elif self.lie == "other-card":
            serial += 1
        elif self.lie == "weak":
            policies = (PIN_ONCE, TOUCH_NEVER)
        elif self.lie == "policy":
            policies = (PIN_ALWAYS, TOUCH_ALWAYS)
            device_key = attestation.Maker().key
        made = attestation.statement(
            device_key, self.device, command.p1, key, serial, self.firmware, policies
        )
        return attestation.der(made)

    def _get_data(self, command):
        wanted = parse_tlv(command.data).get(0x5C, b"")
        number = int.from_bytes(wanted, "big")
        if number == DISCOVERY:
            said = tlv(0x4F, bytes.fromhex("a000000308000010000100"))
            return tlv(0x7E, said + tlv(0x5F2F, b"\x40\x00"))
        if number == PRINTED and not self.pin_verified:
            raise Refused(0x6982)
        if not self.objects.get(number):
            raise Refused(0x6A82)
        return tlv(0x53, self.objects[number])

    def _put_data(self, command):
        self._need_management()
        parts = parse_tlv(command.data)
        if 0x5C not in parts or 0x53 not in parts or len(parts[0x53]) > 3072:
            raise Refused(0x6A80)
        number = int.from_bytes(parts[0x5C], "big")
        if number == DEVICE_CERTIFICATE:
            made = parse_tlv(parts[0x53]).get(0x70, b"")
            if made:
                self.device = x509.load_der_x509_certificate(made)
            self.device_key = self.keys[DEVICE_SLOT].private if DEVICE_SLOT in self.keys else self.device_key
        self.objects[number] = parts[0x53]
        return b""
