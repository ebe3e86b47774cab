"""The three ways to have a list's records: as models, as mappings, as lines of JSON."""

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs
import msgspec

from missive_async import _codec
from missive_async.pagination.cursors import Mark

T = TypeVar("T")


Rows = tuple[Sequence[Any], list[Mark]]
"""The records of a page, and of each its id and time."""


@attrs.frozen
class Kind(Generic[T]):
    """How to decode a page, and to turn each of its rows into what the caller gets."""

    decode: Callable[[bytes], Rows]
    item: Callable[[Any], T] | None = None


def typed(key: str, model: type[T], times: Sequence[str]) -> Kind[T]:
    """Records as models."""
    records = _codec.many(key, model)

    def mark(row: Any) -> Mark:
        for name in times:
            moment: datetime | None = getattr(row, name)
            if moment is not None:
                return row.id, _codec.unix(moment)
        return row.id, None

    def decode(body: bytes) -> Rows:
        rows = records(body)
        return rows, [mark(row) for row in rows]

    return Kind(decode)


def plain(key: str, times: Sequence[str]) -> Kind[dict[str, Any]]:
    """Records as mappings, nothing left out or changed."""
    records, marks = _codec.many(key, dict), _marker(key, tuple(times))
    return Kind(lambda body: (records(body), marks(body)))


def exact(key: str, times: Sequence[str]) -> Kind[bytes]:
    """Records as JSON text, byte for byte, but never more than a line."""
    records, marks = _codec.many(key, msgspec.Raw), _marker(key, tuple(times))
    return Kind(lambda body: (records(body), marks(body)), line)


@functools.cache
def _marker(key: str, times: tuple[str, ...]) -> Callable[[bytes], list[Mark]]:
    """A decoder of nothing but ids and times."""
    row = msgspec.defstruct("Row", [("id", str), *((name, Any, None) for name in times)])
    decode = _codec.many(key, row)

    def mark(row: Any) -> Mark:
        for name in times:
            time = getattr(row, name)
            if isinstance(time, int | float) and not isinstance(time, bool):
                return row.id, int(time // 1)
        return row.id, None

    return lambda body: [mark(row) for row in decode(body)]


def line(row: msgspec.Raw) -> bytes:
    """JSON text as received; only line breaks between its tokens, if there are any, are taken out."""
    text = bytes(row)
    return text if b"\n" not in text and b"\r" not in text else msgspec.json.format(text, indent=-1)
