"""Command and response APDUs (ISO 7816-4), and BER-TLV as PIV uses it."""

from dataclasses import dataclass


class Refused(Exception):
    """The card answers with this status word and nothing else."""

    def __init__(self, status):
        super().__init__(f"{status:04x}")
        self.status = status


@dataclass
class Command:
    """A command APDU, short or extended."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    longest: int  # what the reader takes in one answer

    @classmethod
    def parse(cls, raw):
        if len(raw) < 4:
            raise Refused(0x6700)
        head, body = raw[:4], raw[4:]
        extended = len(body) >= 3 and body[0] == 0
        if not body:
            data, longest = b"", 256
        elif len(body) == 1:
            data, longest = b"", body[0] or 256
        elif extended and len(body) == 3:
            data, longest = b"", int.from_bytes(body[1:3], "big") or 65536
        elif extended:
            length = int.from_bytes(body[1:3], "big")
            data, rest = body[3 : 3 + length], body[3 + length :]
            if len(data) != length or len(rest) not in (0, 2):
                raise Refused(0x6700)
            longest = (int.from_bytes(rest, "big") or 65536) if rest else 65536
        else:
            length = body[0]
            data, rest = body[1 : 1 + length], body[1 + length :]
            if len(data) != length or len(rest) not in (0, 1):
                raise Refused(0x6700)
            longest = (rest[0] or 256) if rest else 256
        return cls(*head, data, longest)


def tlv(tag, value):
    """One element; the tag may have several bytes."""
    name = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    length = len(value)
    if length < 0x80:
        size = bytes([length])
    elif length < 0x100:
        size = bytes([0x81, length])
    else:
        size = b"\x82" + length.to_bytes(2, "big")
    return name + size + value


def parse_tlv(raw):
    """Every element, by tag, in order. Tags of two bytes end in 0x1f."""
    found = {}
    while raw:
        used = 1
        if raw[0] & 0x1F == 0x1F:
            used = 2
            while raw[used - 1] & 0x80:
                used += 1
        if len(raw) <= used:
            raise Refused(0x6A80)
        tag = int.from_bytes(raw[:used], "big")
        length, raw = raw[used], raw[used + 1 :]
        if length & 0x80:
            count = length & 0x7F
            length, raw = int.from_bytes(raw[:count], "big"), raw[count:]
        if length > len(raw):
            raise Refused(0x6A80)
        found[tag], raw = raw[:length], raw[length:]
    return found
