"""Record ids that say, once unscrambled, which record they name.

A large account is generated on demand. An id therefore carries the kind, the number and the child number of its
record, so that a record is found without a table of all of them.
"""

from enum import IntEnum
from random import Random

_BITS = 122  # what a version 4 UUID leaves free
_MASK = (1 << _BITS) - 1
_HALF = _BITS // 2
_LOW = (1 << 62) - 1


class Kind(IntEnum):
    """What an id names."""

    ORGANIZATION = 1
    USER = 2
    TEAM = 3
    LABEL = 4
    BOOK = 5
    GROUP = 6
    CONTACT = 7
    CONVERSATION = 8
    MESSAGE = 9
    COMMENT = 10
    POST = 11
    DRAFT = 12
    TASK = 13
    RESPONSE = 14
    ATTACHMENT = 15
    ACCOUNT = 16
    MERGED = 17
    CREATED = 18
    RULE = 19
    REPORT = 20


class Ids:
    """Turns (kind, number, child) into a UUID and back; the same seed gives the same ids."""

    def __init__(self, seed: int) -> None:
        rng = Random(f"ids:{seed}")
        self._first = rng.getrandbits(_BITS) | 1
        self._second = rng.getrandbits(_BITS) | 1
        self._unfirst = pow(self._first, -1, 1 << _BITS)
        self._unsecond = pow(self._second, -1, 1 << _BITS)

    def make(self, kind: Kind, number: int, child: int = 0) -> str:
        """Return the id of a record; `child` counts within its conversation."""
        value = ((number << 32 | child << 8 | kind) * self._first) & _MASK
        value = ((value >> _HALF | value << _HALF) & _MASK) * self._second & _MASK
        text = f"{value >> 74:012x}4{value >> 62 & 0xFFF:03x}{1 << 63 | value & _LOW:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def read(self, id: str) -> tuple[int, int, int] | None:
        """Return (kind, number, child) of an id made here, None for any other string."""
        try:
            bits = int(id.replace("-", ""), 16)
        except ValueError:
            return None
        value = (bits >> 80) << 74 | (bits >> 64 & 0xFFF) << 62 | bits & _LOW
        value = value * self._unsecond & _MASK
        value = (value >> _HALF | value << _HALF) & _MASK
        value = value * self._unfirst & _MASK
        kind, child, number = value & 0xFF, value >> 8 & 0xFFFFFF, value >> 32
        if number >> 40 or self.make(Kind(kind), number, child) != id if kind in _KINDS else True:
            return None
        return kind, number, child


_KINDS = frozenset(Kind)
