"""The three ways to have a list's records: as models, as mappings, as lines of JSON."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs
import msgspec

from missive_async import _codec
from missive_async.errors import DecodeError
from missive_async.pagination.cursors import Mark

T = TypeVar("T")


@attrs.frozen
class Kind(Generic[T]):
    """How to decode a page into rows, tell a row's id and time, and turn it into what the caller gets."""

    decode: Callable[[bytes], Sequence[Any]]
    mark: Callable[[Any], Mark]
    item: Callable[[Any], T] | None = None


def typed(key: str, model: type[T], times: Sequence[str]) -> Kind[T]:
    """Records as models."""

    def mark(row: Any) -> Mark:
        for name in times:
            moment: datetime | None = getattr(row, name)
            if moment is not None:
                return row.id, _codec.unix(moment)
        return row.id, None

    return Kind(_codec.many(key, model), mark)


def plain(key: str, times: Sequence[str]) -> Kind[dict[str, Any]]:
    """Records as mappings, nothing left out or changed."""

    def mark(row: Any) -> Mark:
        return _checked(row, times)

    return Kind(_codec.many(key, dict), mark)


def exact(key: str, times: Sequence[str]) -> Kind[bytes]:
    """Records as JSON text, byte for byte, but never more than a line."""

    def mark(row: Any) -> Mark:
        return _checked(_codec.decode_json(bytes(row), dict), times)

    return Kind(_codec.many(key, msgspec.Raw), mark, line)


def _checked(row: dict[str, Any], times: Sequence[str]) -> Mark:
    id = row.get("id")
    if not isinstance(id, str):
        raise DecodeError("Expected `str` @ $[...].id", paths=["$[...].id"])
    for name in times:
        time = row.get(name)
        if isinstance(time, int | float) and not isinstance(time, bool):
            return id, int(time // 1)
    return id, None


def line(row: msgspec.Raw) -> bytes:
    """JSON text as received; only line breaks between its tokens, if there are any, are taken out."""
    text = bytes(row)
    return text if b"\n" not in text and b"\r" not in text else msgspec.json.format(text, indent=-1)
